"""GGUF files by name: those of the model hub (``OWNER/REPOSITORY:QUANTISATION``), and where they lie here."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from carrel.core.engine_errors import GgufAmbiguous, GgufNotHere
from carrel.core.errors import PathMissing

# No part begins with a dot: names become paths, and come from settings and from the hub.
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_NAME = re.compile(
    rf"(?P<repository>{_PART}/{_PART})"
    rf"(?:/(?P<file>(?:{_PART}/)*{_PART}\.gguf)|:(?P<quantisation>{_PART}))?"
)
_FILE = re.compile(rf"(?:{_PART}/)*{_PART}\.gguf")
_SPLIT = re.compile(r"-\d{5}-of-\d{5}\.gguf$")
_PREFERRED = "Q8_0"  # nearly as exact as 16 bits and half as large
_SUFFIX = ".gguf"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class GgufName:
    """A file of a repository on the model hub, or what distinguishes it there."""

    repository: str
    file: str = ""
    quantisation: str = ""

    def __str__(self) -> str:
        if self.file:
            return f"{self.repository}/{self.file}"
        return f"{self.repository}:{self.quantisation}" if self.quantisation else self.repository


@dataclass(frozen=True, slots=True)
class LocalGguf:
    """A file that was fetched."""

    name: GgufName
    path: Path
    size: int  # bytes
    sha256: str  # "" where someone else put the file there


def parse_gguf_name(text: str) -> GgufName | None:
    """Return what a name says, or None where it is none of that form."""
    match = _NAME.fullmatch(text)
    if match is None:
        return None
    return GgufName(match["repository"], match["file"] or "", match["quantisation"] or "")


def names_gguf(text: str) -> bool:
    """Say whether a model's name in the settings means a GGUF file rather than what a server calls it."""
    if text.lower().endswith(_SUFFIX):
        return True
    name = parse_gguf_name(text)
    return name is not None and name.repository.lower().endswith("-gguf")


def gguf_path(text: str, cache: Path) -> Path:
    """Return the file that a name in the settings means: a path, or a file that was fetched.

    Args:
        text: a path, or a name of the model hub as ``carrel models pull`` takes it.
        cache: the folder of downloaded models (``CARREL_CACHE``).

    Raises:
        PathMissing: it is no name, and no file.
        GgufNotHere: nothing of that name has been fetched.
        GgufAmbiguous: several files of that name have.
    """
    path = Path(text).expanduser()
    if path.is_file():
        return path.absolute()
    name = parse_gguf_name(text)
    if name is None:
        raise PathMissing(path=text)
    fetched = fetched_path(name, cache)
    if fetched is None:
        raise GgufNotHere(name=text)
    return fetched


def fetched_path(name: GgufName, cache: Path) -> Path | None:
    """Return the fetched file that a name means, or None. Raises GgufAmbiguous."""
    folder = folder_of(name, cache)
    here = sorted(file.relative_to(folder).as_posix() for file in folder.rglob(f"*{_SUFFIX}"))
    file = choose(name, here)
    return None if file is None else folder / file


def folder_of(name: GgufName, cache: Path) -> Path:
    """Return the folder of a repository's files."""
    return cache / "models" / "gguf" / Path(name.repository)


def choose(name: GgufName, files: Sequence[str]) -> str | None:
    """Return which of a repository's files a name means, or None where there is none.

    Without anything that distinguishes one of several, it is the one with 8 bits a weight.

    Raises:
        GgufAmbiguous: several would do.
    """
    models = [file for file in files if _FILE.fullmatch(file) and not _no_model(file)]
    if name.file:
        return name.file if name.file in models else None
    if name.quantisation:
        models = _quantised(models, name.quantisation)
    elif len(models) > 1:
        models = _quantised(models, _PREFERRED) or models
    if len(models) > 1:
        raise GgufAmbiguous(name=name, files=", ".join(models))
    return models[0] if models else None


def split_only(files: Sequence[str]) -> bool:
    """Say whether a repository has its models in pieces only, which are not put together here."""
    return any(_SPLIT.search(file) for file in files) and not any(
        file.endswith(_SUFFIX) and not _no_model(file) for file in files
    )


def local_files(cache: Path) -> list[LocalGguf]:
    """Return the files that were fetched, by name."""
    top = cache / "models" / "gguf"
    return [_local(path, top) for path in sorted(top.glob(f"*/*/**/*{_SUFFIX}")) if path.is_file()]


def record_of(path: Path) -> Path:
    """Return where it is written down what a fetched file is."""
    return path.with_name(path.name + ".json")


def recorded_sha256(path: Path) -> str:
    """Return the SHA-256 that a fetched file was verified by; "" where someone else put it there."""
    try:
        record = json.loads(record_of(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    sha256 = str(record.get("sha256", "")).lower() if isinstance(record, dict) else ""
    return sha256 if _SHA256.fullmatch(sha256) else ""


def _local(path: Path, top: Path) -> LocalGguf:
    owner, repository, *rest = path.relative_to(top).parts
    name = GgufName(f"{owner}/{repository}", "/".join(rest))
    return LocalGguf(name, path, path.stat().st_size, recorded_sha256(path))


def _no_model(file: str) -> bool:
    """Say whether it is a piece of a model, or what turns pictures into a model's tokens."""
    return bool(_SPLIT.search(file)) or "mmproj" in file.lower()


def _quantised(files: Sequence[str], quantisation: str) -> list[str]:
    ending = re.compile(rf"(?:^|[-._/]){re.escape(quantisation)}\.gguf$", re.IGNORECASE)
    return [file for file in files if ending.search(file)]
