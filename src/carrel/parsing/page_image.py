"""A page as a picture, drawn in a child process with limits.

The child sends plain pixels, so that nobody has to decode a picture that a hostile file had a hand in.
"""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from carrel.core.errors import ParserCrashed
from carrel.core.paper import PageSize
from carrel.parsing.children import Children
from carrel.parsing.frames import Kind, Request

POINTS_AN_INCH = 72.0
SCREEN_DPI = 144.0
LOWEST_DPI, HIGHEST_DPI = 18.0, 300.0
MOST_PIXELS = 24_000_000  # 72 MB; A4 at 300 dpi has 8.7 million
_COMPRESSION = 1  # of pages of text: 6 takes twice as long and saves a twentieth
_HEAD = struct.Struct("<ddII")  # width and height in points; columns and rows


@dataclass(frozen=True, slots=True, eq=False)
class PageImage:
    """A page as displayed (crop box, after rotation): its size in points, and its pixels.

    A box of the page, in points, is scaled by ``scale`` to lie on the picture; nothing else is to be done.
    """

    size: PageSize
    pixels: NDArray[np.uint8]  # [rows, columns, 3], red, green, blue

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels a point, across and down."""
        rows, columns = self.pixels.shape[:2]
        return columns / self.size.width, rows / self.size.height

    def png(self) -> bytes:
        """Return the picture as a PNG file, in grey where it has no colour.

        Rows are compressed as they are: trying PNG's filters on each takes longer than all the rest, and
        makes pages of text no smaller.
        """
        pixels = self._grey_or_coloured()
        rows, columns = pixels.shape[:2]
        filtered = np.zeros(
            (rows, 1 + pixels.size // rows), np.uint8
        )  # each row begins with its filter: 0, none
        filtered[:, 1:] = pixels.reshape(rows, -1)
        form = struct.pack(">IIBBBBB", columns, rows, 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
        chunks = ((b"IHDR", form), (b"IDAT", zlib.compress(filtered.data, _COMPRESSION)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)

    def _grey_or_coloured(self) -> NDArray[np.uint8]:
        red, green, blue = (self.pixels[..., channel] for channel in range(3))
        is_grey = np.array_equal(red, green) and np.array_equal(green, blue)
        return np.ascontiguousarray(red) if is_grey else self.pixels

    def packed(self) -> bytes:
        """Return the image as bytes for ``unpacked``."""
        rows, columns = self.pixels.shape[:2]
        return _HEAD.pack(self.size.width, self.size.height, columns, rows) + self.pixels.tobytes()

    @classmethod
    def unpacked(cls, data: bytes) -> "PageImage":
        """Return the image that ``packed`` wrote. Raises ValueError for anything else."""
        if len(data) < _HEAD.size:
            raise ValueError("page image: cut off")
        width, height, columns, rows = _HEAD.unpack_from(data)
        if not (0 < width < 1e6 and 0 < height < 1e6 and 0 < columns * rows <= MOST_PIXELS):
            raise ValueError("page image: its size is out of range")
        if len(data) != _HEAD.size + 3 * columns * rows:
            raise ValueError("page image: the number of pixels does not fit")
        pixels = np.frombuffer(data, np.uint8, offset=_HEAD.size).reshape(rows, columns, 3)
        return cls(PageSize(width, height), pixels)


class PageDrawer:
    """Draws pages of PDFs. Safe to call from several threads.

    Args:
        children: the processes to draw in; the file may be hostile.
    """

    def __init__(self, children: Children) -> None:
        self._children = children

    def draw(self, path: Path, name: str, page: int, dpi: float = SCREEN_DPI, columns: int = 0) -> PageImage:
        """Draw a page, from 1, of the PDF at ``path``; ``name`` is what error messages call it.

        With ``columns`` it has so many pixels across, whatever its size. The resolution is brought within
        ``LOWEST_DPI`` to ``HIGHEST_DPI``, and lowered where the picture would have more than ``MOST_PIXELS``.

        Raises:
            PaperError: the page cannot be drawn; the reason is in its kind. ``DamagedPdf`` where the
                page is damaged or missing.
            ParserUnavailable: no process could be started to draw it in; the file is not to blame.
        """
        request = Request(str(path.absolute()), max_pages=0, draw_page=page, dpi=dpi, columns=columns)
        try:
            return PageImage.unpacked(self._children.ask(request, name, Kind.IMAGE))
        except ValueError as error:
            raise ParserCrashed(name=name, detail="it answered nonsense") from error

    def close(self) -> None:
        """End the child processes."""
        self._children.close()


def _chunk(kind: bytes, content: bytes) -> bytes:
    """Return a part of a PNG file: how long it is, what it is, and a checksum at its end."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def pixels_of(size: PageSize, dpi: float) -> tuple[int, int]:
    """Return the columns and rows of a page's picture: at ``dpi`` within limits, fewer for a huge page."""
    scale = min(max(dpi, LOWEST_DPI), HIGHEST_DPI) / POINTS_AN_INCH
    scale = min(scale, (MOST_PIXELS / (size.width * size.height)) ** 0.5)
    return max(1, int(scale * size.width)), max(1, int(scale * size.height))
