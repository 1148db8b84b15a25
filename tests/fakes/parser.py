"""A parser that reads a plain text format, page by page, as it was typed.

    %PDF-fake
    title: Sparse Attention          (also authors, abstract, year, venue, doi, language)
    <blank line>
    # Introduction                   a heading; ## one level deeper
    > Moby, A. (1851). Whales.       an entry of the list of references
    Blocks are parted by blank lines,
    pages by form feeds.

``fail: EncryptedPdf`` among the header's lines makes the file one that cannot be read, for any kind
of ``PaperError``.
"""

from pathlib import Path

import numpy as np

from carrel.core.errors import (
    EmptyFile,
    FileUnreadable,
    NotAPdf,
    NoTextLayer,
    PaperError,
    TooManyPages,
)
from carrel.core.metadata import Metadata
from carrel.core.paper import Block, BlockKind, PageSize, ParsedPaper, WordBoxes

WIDTH, HEIGHT = 612.0, 792.0
LEFT, TOP, LEADING, ADVANCE = 72.0, 72.0, 12.0, 5.0
_PARAMETERS = {"pages": "1", "limit": "1", "seconds": "1", "megabytes": "1", "detail": "as it was told"}


def fake_pdf(title: str, *pages: str, **header: str) -> bytes:
    """Return a file that the fake parser reads; ``header`` may give authors, abstract, year, doi, fail."""
    lines = ["%PDF-fake", f"title: {title}", *(f"{key}: {value}" for key, value in header.items())]
    return ("\n".join(lines) + "\n\n" + "\f".join(pages)).encode()


class FakeParser:
    """Reads the format above. Every file it was asked for is in ``parsed``."""

    def __init__(self, max_pages: int = 2000, fingerprint: str = "fake/1") -> None:
        self._max_pages = max_pages
        self._fingerprint = fingerprint
        self.parsed: list[str] = []  # names, in order
        self.closed = False

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def parse(self, path: Path, name: str) -> ParsedPaper:
        self.parsed.append(name)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise FileUnreadable(name=name, detail=error.strerror) from error
        if not content:
            raise EmptyFile(name=name)
        if not content.startswith(b"%PDF"):
            raise NotAPdf(name=name)
        head, _, body = content.decode("utf-8", "replace").partition("\n\n")
        header = dict(line.split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        if "fail" in header:
            error_class = {error.__name__: error for error in PaperError.__subclasses__()}[header["fail"]]
            assert issubclass(error_class, PaperError)
            raise error_class(name=name, **_PARAMETERS)
        pages = body.split("\f")
        if len(pages) > self._max_pages:
            raise TooManyPages(name=name, pages=len(pages), limit=self._max_pages)
        if not body.strip():
            raise NoTextLayer(name=name, pages=len(pages))
        return _Typesetter().set(_metadata(header), pages)

    def close(self) -> None:
        self.closed = True


def _metadata(header: dict[str, str]) -> Metadata:
    authors = tuple(filter(None, (each.strip() for each in header.get("authors", "").split(";"))))
    return Metadata(
        title=header.get("title", ""),
        authors=authors,
        abstract=header.get("abstract", ""),
        year=int(header["year"]) if "year" in header else None,
        venue=header.get("venue", ""),
        doi=header.get("doi", ""),
        language=header.get("language", "en"),
    )


class _Typesetter:
    """Puts every typed line on a line of its page, every character in a column."""

    def __init__(self) -> None:
        self.text = ""
        self.blocks: list[Block] = []
        self.rows: list[tuple[int, int, int, int]] = []
        self.boxes: list[tuple[float, float, float, float]] = []
        self.line = 0

    def set(self, metadata: Metadata, pages: list[str]) -> ParsedPaper:
        if metadata.title:
            self._block(BlockKind.FRONT, 0, [metadata.title], 1, 0)
        for number, page in enumerate(pages, 1):
            row = 2 if number == 1 else 0
            for block in filter(str.strip, page.split("\n\n")):
                lines = [line.strip() for line in block.splitlines() if line.strip()]
                level = len(lines[0]) - len(lines[0].lstrip("#"))
                cited = lines[0].startswith("> ")
                lines[0] = lines[0][2:] if cited else lines[0][level:].strip() or "#"
                kind = BlockKind.REFERENCE if cited else BlockKind.HEADING if level else BlockKind.PARAGRAPH
                self._block(kind, level, lines, number, row)
                row += len(lines) + 1
        columns = np.array(self.rows, np.int32).reshape(-1, 4)
        words = WordBoxes(
            start=columns[:, 0],
            end=columns[:, 1],
            page=columns[:, 2],
            line=columns[:, 3],
            box=np.array(self.boxes, np.float32).reshape(-1, 4),
        )
        sizes = tuple(PageSize(WIDTH, HEIGHT) for _ in pages)
        return ParsedPaper(metadata, self.text, tuple(self.blocks), words, sizes)

    def _block(self, kind: BlockKind, level: int, lines: list[str], page: int, row: int) -> None:
        if self.text:
            self.text += "\n\n"
        start = len(self.text)
        for index, line in enumerate(lines):
            self.text += " " if index else ""
            self._line(line, page, row + index)
        self.blocks.append(Block(kind, start, len(self.text), level))

    def _line(self, line: str, page: int, row: int) -> None:
        y = min(TOP + LEADING * row, HEIGHT - LEADING)
        column = 0
        for word in line.split(" "):
            if word:
                at = len(self.text) + column
                x0 = min(LEFT + ADVANCE * column, WIDTH - ADVANCE)
                x1 = min(LEFT + ADVANCE * (column + len(word)), WIDTH)
                self.rows.append((at, at + len(word), page, self.line))
                self.boxes.append((x0, y, x1, y + LEADING - 2))
            column += len(word) + 1
        self.text += line
        self.line += 1
