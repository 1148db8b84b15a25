"""Downloads a file from the model hub over HTTPS, going on where a broken download stopped."""

import http.client
import json
import os
import queue
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from carrel.core.errors import ModelCorrupt
from carrel.engines.weights import (
    BLOCK,
    Progress,
    WeightsFile,
    WeightsSpec,
    flush_to_disk,
    part_of,
    sha256_of,
)

DEFAULT_ENDPOINT = "https://huggingface.co"
ENDPOINT_VARIABLE = "HF_ENDPOINT"

_ANSWER_SECONDS = 5.0  # for the first answer, name look-up and redirects included
_SILENCE_SECONDS = 20.0  # between two blocks
_ATTEMPTS = 4  # connections for one file, as long as each brings something
_LONGEST_DOCUMENT = 16_000_000  # bytes; a list of ten thousand files has three million
_NOT_THERE = (401, 403, 404, 410)  # the hub answers 401 for what does not exist, lest it tell what does


class SourceFailed(Exception):
    """A source of weights gave none; the text says why. The next source is asked."""


class NotThere(SourceFailed):
    """The source answers, and has no such thing, or shows it to nobody without an account."""


class _Interrupted(Exception):
    """The connection broke; what has arrived is kept."""


def endpoint() -> str:
    """Return the hub's address: ``HF_ENDPOINT``, for a mirror, or Hugging Face's own."""
    return (os.environ.get(ENDPOINT_VARIABLE) or DEFAULT_ENDPOINT).rstrip("/")


def fetch(spec: WeightsSpec, folder: Path, progress: Progress) -> None:
    """Download the files a model's folder lacks; each takes its place when it is verified.

    Raises:
        SourceFailed: the hub cannot be reached or has no such files.
        ModelCorrupt: the hub gave something else; it was deleted.
        OSError: the folder cannot be written to.
    """
    before = 0
    for file in spec.files:
        target = folder / file.name
        arrived = _offset(progress, before, spec.size)
        before += file.size
        if not target.is_file():
            fetch_file(file_url(spec, file), file, target, arrived)


def fetch_file(url: str, file: WeightsFile, target: Path, arrived: Callable[[int], None]) -> None:
    """Download a file to its place, where it appears when it is verified.

    Args:
        url: where it is.
        file: what it must be.
        target: where it belongs; its folder exists.
        arrived: called with the bytes that are here, after every block.

    Raises:
        SourceFailed: the hub cannot be reached or has no such file. What arrived is kept, to go on from.
        ModelCorrupt: the hub gave something else; it was deleted.
        OSError: the folder cannot be written to.
    """
    part = part_of(target)
    resumed = part.exists()
    download(url, part, file.size, arrived)
    if resumed and sha256_of(part) != file.sha256:  # the beginning was something else's
        part.unlink()
        download(url, part, file.size, arrived)
    found = sha256_of(part)
    if found != file.sha256:
        part.unlink()
        raise ModelCorrupt(path=url, expected=file.sha256, found=found)
    part.replace(target)


def read_document(url: str) -> object:
    """Return the JSON document at ``url``. Raises as ``read_bytes``, and SourceFailed where it is none."""
    try:
        return json.loads(read_bytes(url, _LONGEST_DOCUMENT))
    except (ValueError, RecursionError) as error:
        raise SourceFailed(f"{url} gives something else than JSON") from error


def read_bytes(url: str, longest: int) -> bytes:
    """Return the first ``longest`` bytes of what is at ``url``.

    Raises:
        NotThere: there is nothing, or not for everybody.
        SourceFailed: the server cannot be reached, or breaks off.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise SourceFailed(f"{url} is neither http nor https")
    try:
        with _answer(url, 0) as response:
            return response.read(longest)
    except (OSError, http.client.HTTPException) as error:
        raise SourceFailed(f"{url} broke off: {error}") from error


def _offset(progress: Progress, before: int, wanted: int) -> Callable[[int], None]:
    return lambda here: progress(before + here, wanted)


def file_url(spec: WeightsSpec, file: WeightsFile) -> str:
    """Return where the hub has a file of a model."""
    return f"{endpoint()}/{spec.hub_repository}/resolve/{spec.hub_revision}/{file.name}"


def download(url: str, part: Path, size: int, arrived: Callable[[int], None]) -> None:
    """Download ``url`` to ``part``, continuing what is already there, and flush it.

    The content is not verified here; a wrong beginning shows in the hash of the whole.

    Args:
        url: http or https; redirects are followed, and the system's proxies used.
        part: where the bytes go. What arrived stays there when the download fails.
        size: bytes of the whole file; a server that announces another size is refused.
        arrived: called with the bytes that are here, after every block.

    Raises:
        SourceFailed: the server cannot be reached, has no such file, or breaks off again and again.
        OSError: ``part`` cannot be written.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise SourceFailed(f"{url} is neither http nor https")
    reason = ""
    for _ in range(_ATTEMPTS):
        before = _bytes_in(part)
        if before > size:
            part.unlink()
            before = 0
        try:
            if before < size:
                _continue(url, part, before, size, arrived)
        except _Interrupted as error:
            reason = str(error)
            if _bytes_in(part) == before:
                break
        else:
            return
    raise SourceFailed(reason)


def _bytes_in(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _continue(url: str, part: Path, begin: int, size: int, arrived: Callable[[int], None]) -> None:
    with _answer(url, begin) as response:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            begin = 0
        announced = response.headers.get("Content-Length")
        if announced is not None and announced != str(size - begin):
            raise SourceFailed(f"{url} is a file of another size ({announced} bytes)")
        with part.open("ab" if begin else "wb") as stream:
            _receive(response, stream, begin, size, arrived)
            flush_to_disk(stream)


def _receive(
    response: http.client.HTTPResponse,
    stream: BinaryIO,
    begin: int,
    size: int,
    arrived: Callable[[int], None],
) -> None:
    here = begin
    while here < size:
        # Reading is tried apart from writing: both fail with OSError, and only one is the network's.
        try:
            block = response.read1(min(BLOCK, size - here))
        except (OSError, http.client.HTTPException) as error:
            raise _Interrupted(f"the download broke off: {error}") from error
        if not block:
            raise _Interrupted(f"the download broke off after {here} of {size} bytes")
        stream.write(block)
        here += len(block)
        arrived(here)


def _answer(url: str, begin: int) -> http.client.HTTPResponse:
    """Return the server's answer, or fail within ``_ANSWER_SECONDS``.

    Name look-up has no time limit of its own and can hang for half a minute on a machine without a
    network, so the request runs in a thread that is left behind when it is late.
    """
    headers = {"User-Agent": "carrel", "Accept-Encoding": "identity"}
    if begin:
        headers["Range"] = f"bytes={begin}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # the scheme was checked
    answers: queue.SimpleQueue[http.client.HTTPResponse | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            response = urllib.request.urlopen(request, timeout=_SILENCE_SECONDS)  # noqa: S310
            answers.put(cast(http.client.HTTPResponse, response))
        except (OSError, http.client.HTTPException, ValueError) as error:
            answers.put(error)

    Thread(target=ask, daemon=True, name="carrel-hub").start()
    try:
        answer = answers.get(timeout=_ANSWER_SECONDS)
    except queue.Empty:
        raise SourceFailed(f"no answer within {_ANSWER_SECONDS:.0f} seconds") from None
    if isinstance(answer, urllib.error.HTTPError):
        kind = NotThere if answer.code in _NOT_THERE else SourceFailed
        raise kind(f"{url} answers {answer.code} {answer.reason}") from answer
    if isinstance(answer, Exception):
        reason = answer.reason if isinstance(answer, urllib.error.URLError) else answer
        raise SourceFailed(f"{urlsplit(url).netloc}: {reason}") from answer
    return answer
