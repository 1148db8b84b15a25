"""Stored parses: what a parser read from a paper's bytes, so that it is read once."""

from collections.abc import Iterator
from pathlib import Path

from carrel.core.ids import PaperId
from carrel.core.paper import ParsedPaper
from carrel.core.parsed_format import decode, encode
from carrel.storage.files import sweep_temporary, written_whole

_SUFFIX = ".parse"


class ParseStore:
    """Parsed papers in ``<folder>/ab/ab12….parse``, one a paper; the parser's fingerprint is inside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._temporary_folder = folder / "tmp"

    def get(self, paper: PaperId, fingerprint: str) -> ParsedPaper | None:
        """Return the stored parse; None where there is none, or it is another parser's, or damaged."""
        try:
            data = self._location(paper).read_bytes()
        except FileNotFoundError:
            return None
        marker = _marker(fingerprint)
        if not data.startswith(marker):
            return None
        try:
            return decode(data[len(marker) :])
        except ValueError:
            # Derived data: the caller parses again and overwrites it.
            return None

    def put(self, paper: PaperId, fingerprint: str, parsed: ParsedPaper) -> None:
        """Store a parse, replacing an older one.

        Raises:
            StorageFull: there is no room.
        """
        with written_whole(self._temporary_folder) as (stream, destination):
            stream.write(_marker(fingerprint))
            stream.write(encode(parsed))
            destination.become(self._location(paper))

    def delete(self, paper: PaperId) -> None:
        """Delete a paper's parse, if there is one."""
        self._location(paper).unlink(missing_ok=True)

    def list(self) -> Iterator[PaperId]:
        """Yield every paper with a stored parse."""
        for path in self._folder.glob(f"??/*{_SUFFIX}"):
            yield PaperId(path.stem)

    def sweep(self) -> None:
        """Delete what killed processes left half written."""
        sweep_temporary(self._temporary_folder)

    def _location(self, paper: PaperId) -> Path:
        return self._folder / paper[:2] / f"{paper}{_SUFFIX}"


def _marker(fingerprint: str) -> bytes:
    return fingerprint.encode() + b"\n"
