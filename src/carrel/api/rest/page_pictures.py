"""Drawing pages for whoever asks: one at a time, few that wait; the last ones are kept for a while."""

import threading
from collections import OrderedDict
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
_KEPT_BYTES = 32 * 2**20

Asked = tuple[Path, int, int | None, float]  # a file named by its content, a page, and how large


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
        self._kept: OrderedDict[Asked, bytes] = OrderedDict()  # the last one asked for at the end
        self._keeping = threading.Lock()

    def draw(self, path: Path, name: str, page: int, width: int | None, scale: float) -> bytes:
        """Return a page of the PDF at ``path`` as a PNG file, so many pixels wide, or pixels a point.

        Raises:
            TooBusy: too many wait.
            PaperError, ServiceError: as ``PageDrawer.draw``.
        """
        asked = (path, page, width, scale)
        if (kept := self._found(asked)) is not None:
            return kept
        if not self._places.acquire(blocking=False):
            raise TooBusy
        try:
            if not self._drawing.acquire(timeout=_PATIENCE_SECONDS):
                raise TooBusy
            try:
                image = self._drawn(path, name, page, width, scale)
            finally:
                self._drawing.release()
            return self._keep(asked, image.png())  # while the next one is drawn
        finally:
            self._places.release()

    def _found(self, asked: Asked) -> bytes | None:
        with self._keeping:
            if asked in self._kept:
                self._kept.move_to_end(asked)
            return self._kept.get(asked)

    def _keep(self, asked: Asked, picture: bytes) -> bytes:
        with self._keeping:
            self._kept[asked] = picture
            while sum(map(len, self._kept.values())) > _KEPT_BYTES:
                self._kept.popitem(last=False)
        return picture

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
