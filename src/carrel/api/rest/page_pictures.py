"""Drawing pages for whoever asks: one at a time, and few that wait."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from carrel.core.rest_errors import TooBusy

if TYPE_CHECKING:
    from carrel.parsing.page_image import PageDrawer, PageImage

MOST_PIXELS_WIDE = 3000
_POINTS_AN_INCH = 72.0
_TO_MEASURE_DPI = 18.0  # a page is drawn small to learn its size
_WAITING = 16
_PATIENCE_SECONDS = 30.0


class PagePictures:
    """Draws pages in a child process with limits. Safe to use from several threads.

    Args:
        open_drawer: makes what draws; called when the first page is asked for.
    """

    def __init__(self, open_drawer: Callable[[], "PageDrawer"]) -> None:
        self._open_drawer = open_drawer
        self._drawer: PageDrawer | None = None
        self._drawing = threading.Lock()
        self._places = threading.BoundedSemaphore(_WAITING)
        self._at_end = ExitStack()

    def draw(self, path: Path, name: str, page: int, width: int | None, scale: float) -> bytes:
        """Return a page of the PDF at ``path`` as a PNG file, so many pixels wide, or pixels a point.

        Raises:
            TooBusy: too many wait.
            PaperError, ServiceError: as ``PageDrawer.draw``.
        """
        if not self._places.acquire(blocking=False):
            raise TooBusy
        try:
            if not self._drawing.acquire(timeout=_PATIENCE_SECONDS):
                raise TooBusy
            try:
                image = self._drawn(path, name, page, width, scale)
            finally:
                self._drawing.release()
            return image.png()  # while the next one is drawn
        finally:
            self._places.release()

    def close(self) -> None:
        """End the child process."""
        self._at_end.close()

    def _drawn(self, path: Path, name: str, page: int, width: int | None, scale: float) -> "PageImage":
        if self._drawer is None:
            self._drawer = self._open_drawer()
            self._at_end.callback(self._drawer.close)
        if width:
            return self._drawer.draw(path, name, page, columns=width)
        points = self._drawer.draw(path, name, page, _TO_MEASURE_DPI).size.width
        dpi = _POINTS_AN_INCH * min(scale, MOST_PIXELS_WIDE / points)
        return self._drawer.draw(path, name, page, dpi)
