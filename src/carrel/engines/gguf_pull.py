"""Fetches a GGUF file from the model hub by name: listed, chosen, downloaded, verified."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout

from carrel.core.engine_errors import GgufNotFound
from carrel.core.errors import ModelUnavailable
from carrel.core.json_values import as_list, as_number, as_object, as_text
from carrel.core.language import tr
from carrel.engines import hub
from carrel.engines.gguf_names import GgufName, choose, fetched_path, folder_of, record_of, split_only
from carrel.engines.hub import NotThere, SourceFailed
from carrel.engines.weights import Announce, Progress, WeightsFile, megabytes, part_of, room_for


def pull_gguf(
    name: GgufName, cache: Path, *, announce: Announce, progress: Progress, offline: bool = False
) -> Path:
    """Make sure that a file is in the cache, and return its path. What is here is not asked for again.

    Args:
        name: which file.
        cache: the folder of downloaded models (``CARREL_CACHE``).
        announce: told before anything is downloaded.
        progress: told during the download.
        offline: never use the network.

    Raises:
        GgufNotFound: the hub has no such file.
        GgufAmbiguous: it has several that the name could mean.
        ModelUnavailable: the hub cannot be reached, or the folder not written to.
        ModelCorrupt: the hub gave something else than it announced.
        StorageFull: there is no room.
    """
    if (here := fetched_path(name, cache)) is not None:
        return here
    try:
        if offline:
            raise SourceFailed(tr("downloading is switched off by CARREL_OFFLINE"))  # noqa: TRY301
        revision, file = _listed(name)
        target = folder_of(name, cache) / file.name
        with _sole_use(name, target.parent, announce):
            if not target.is_file():  # another process may have been faster
                _fetch(name, revision, file, target, announce, progress)
    except NotThere as error:
        raise GgufNotFound(name=name, endpoint=hub.endpoint(), detail=error) from error
    except (SourceFailed, OSError) as error:
        raise _unavailable(name, folder_of(name, cache), str(error)) from error
    return target


def _listed(name: GgufName) -> tuple[str, WeightsFile]:
    """Return the repository's newest revision, and the file that the name means."""
    url = f"{hub.endpoint()}/api/models/{name.repository}/revision/main?blobs=true"
    document = hub.read_document(url)
    try:
        described = as_object(document)
        revision = as_text(described.get("sha"))
        entries = [as_object(entry) for entry in as_list(described.get("siblings"))]
        files = {as_text(entry.get("rfilename")): entry for entry in entries}
        chosen = choose(name, sorted(files))
        if chosen is None:
            detail = "its models are in several pieces" if split_only(list(files)) else _names(list(files))
            raise GgufNotFound(name=name, endpoint=hub.endpoint(), detail=detail)
        stored = as_object(files[chosen].get("lfs"))
        return revision, WeightsFile(chosen, as_number(stored.get("size")), as_text(stored.get("sha256")))
    except ValueError as error:
        raise SourceFailed(f"{url} gives no list of files") from error


def _names(files: list[str]) -> str:
    found = [file for file in sorted(files) if file.endswith(".gguf")]
    return "it has " + ", ".join(found) if found else "the repository has no GGUF files"


def _fetch(
    name: GgufName, revision: str, file: WeightsFile, target: Path, announce: Announce, progress: Progress
) -> None:
    full = GgufName(name.repository, file.name)
    announce(
        tr("Downloading {name} ({size} MB) from {source}.").format(
            name=full, size=megabytes(file.size), source=hub.endpoint()
        )
    )
    url = f"{hub.endpoint()}/{name.repository}/resolve/{quote(revision, safe='')}/{quote(file.name)}"
    part = part_of(target)
    here = part.stat().st_size if part.exists() else 0
    with room_for(target.parent, max(0, file.size - here)):
        # First what the file is: once it has its name, it is trusted by it.
        record = {"repository": name.repository, "revision": revision, "sha256": file.sha256}
        record_of(target).write_text(json.dumps(record), encoding="utf-8")
        hub.fetch_file(url, file, target, lambda arrived: progress(arrived, file.size))


@contextmanager
def _sole_use(name: GgufName, folder: Path, announce: Announce) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        announce(tr("Waiting for another process that fetches {model}.").format(model=name))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _unavailable(name: GgufName, folder: Path, detail: str) -> ModelUnavailable:
    ways = tr(
        "(1) connect this machine to {endpoint}, or name a mirror of it in HF_ENDPOINT, without "
        "CARREL_OFFLINE; (2) bring the file from another machine and name its path instead of {name}; (3) "
        "where {folder} cannot be written to, point CARREL_CACHE at a folder that can."
    ).format(endpoint=hub.endpoint(), name=name, folder=folder)
    return ModelUnavailable(model=name, detail=detail, ways=ways)
