"""Stored parses: what a parser read from a paper's bytes, so that it is read once."""

import re
from collections.abc import Iterator
from pathlib import Path

from carrel.core.ids import PaperId
from carrel.core.paper import ParsedPaper
from carrel.core.parsed_format import decode, encode
from carrel.storage.files import sweep_temporary, written_whole

_SUFFIX = ".parse"
_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_FILE_NAME = re.compile(r"[0-9a-f]{32}\.[a-z0-9_-]{1,40}\.parse")


class ParseStore:
    """Parsed papers in ``<folder>/ab/ab12….<parser>.parse``; the parser's whole fingerprint is inside.

    One a paper and parser (the fingerprint up to its first slash), so that knowledge bases with
    different parsers keep theirs. ``ab12….parse`` is from before parsers could be chosen, in a format that
    is no longer read; it goes when its paper is read again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._temporary_folder = folder / "tmp"

    def get(self, paper: PaperId, fingerprint: str) -> ParsedPaper | None:
        """Return the stored parse; None where there is none, or it is another parser's, or damaged."""
        marker = _marker(fingerprint)
        try:
            data = self._location(paper, fingerprint).read_bytes()
        except FileNotFoundError:
            return None
        if not data.startswith(marker):
            return None
        try:
            return decode(data[len(marker) :])
        except ValueError:
            # Derived data: the caller parses again and overwrites it.
            return None

    def put(self, paper: PaperId, fingerprint: str, parsed: ParsedPaper) -> None:
        """Store a parse, replacing an older one of the same parser.

        Raises:
            StorageFull: there is no room.
        """
        with written_whole(self._temporary_folder) as (stream, destination):
            stream.write(_marker(fingerprint))
            stream.write(encode(parsed))
            destination.become(self._location(paper, fingerprint))
        (self._folder / paper[:2] / f"{paper}{_SUFFIX}").unlink(missing_ok=True)

    def delete(self, paper: PaperId) -> None:
        """Delete a paper's parses, by whatever parser, if there are any."""
        for path in (self._folder / paper[:2]).glob(f"{paper}.*"):
            path.unlink(missing_ok=True)

    def files(self, paper: PaperId) -> tuple[Path, ...]:
        """Return where a paper's parses lie, by whatever parser."""
        return tuple(sorted((self._folder / paper[:2]).glob(f"{paper}.*{_SUFFIX}")))

    def copy_in(self, name: str, content: bytes) -> None:
        """Store the bytes of a parse under the name that ``files`` gave it. Raises ValueError: no such name.

        They are believed when they are read: damaged ones are as good as none.
        """
        if not _FILE_NAME.fullmatch(name):
            raise ValueError(name)
        with written_whole(self._temporary_folder) as (stream, destination):
            stream.write(content)
            destination.become(self._folder / name[:2] / name)

    def is_readable(self, path: Path) -> bool:
        """Whether one of ``files`` can be read back; one from another version of the format cannot."""
        try:
            _, _, parsed = path.read_bytes().partition(b"\n")
            decode(parsed)
        except FileNotFoundError:
            return True  # gone meanwhile
        except ValueError:
            return False
        return True

    def list(self) -> Iterator[PaperId]:
        """Yield every paper with a stored parse."""
        names = {path.name.partition(".")[0] for path in self._folder.glob(f"??/*{_SUFFIX}")}
        yield from map(PaperId, sorted(names))

    def sweep(self) -> None:
        """Delete what killed processes left half written."""
        sweep_temporary(self._temporary_folder)

    def _location(self, paper: PaperId, fingerprint: str) -> Path:
        parser = _NAME.match(fingerprint)
        assert parser is not None, "a fingerprint begins with the parser's name"
        return self._folder / paper[:2] / f"{paper}.{parser.group()}{_SUFFIX}"


def _marker(fingerprint: str) -> bytes:
    return fingerprint.encode() + b"\n"
