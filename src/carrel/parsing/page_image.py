"""A page as a picture: what the child draws, and what is made of it here.

The child sends plain pixels, so that nobody has to decode a picture that a hostile file had a hand in.
"""

import io
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carrel.core.paper import PageSize

SCREEN_DPI = 144.0
LOWEST_DPI, HIGHEST_DPI = 18.0, 300.0
MOST_PIXELS = 24_000_000  # 72 MB; A4 at 300 dpi has 8.7 million
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
        """Return the picture as a PNG file."""
        from PIL import Image

        buffer = io.BytesIO()
        Image.fromarray(self.pixels).save(buffer, "PNG")
        return buffer.getvalue()

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


def pixels_of(size: PageSize, dpi: float) -> tuple[int, int]:
    """Return the columns and rows of a page's picture: at ``dpi`` within limits, fewer for a huge page."""
    scale = min(max(dpi, LOWEST_DPI), HIGHEST_DPI) / 72
    scale = min(scale, (MOST_PIXELS / (size.width * size.height)) ** 0.5)
    return max(1, int(scale * size.width)), max(1, int(scale * size.height))
