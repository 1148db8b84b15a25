"""Pictures of pages: the last ones asked for are not drawn again, and no more are kept than may be."""

from pathlib import Path

import numpy as np
import pytest

from carrel.api.rest import page_pictures
from carrel.api.rest.page_pictures import PagePictures
from carrel.core.paper import PageSize
from carrel.parsing.page_image import PageDrawer, PageImage

PAPER = Path("blobs/ab/abcdef.pdf")


class Drawer(PageDrawer):
    """Draws blank pages, and remembers which."""

    def __init__(self) -> None:
        self.drawn: list[int] = []

    def draw(self, path: Path, name: str, page: int, dpi: float = 72.0, columns: int = 0) -> PageImage:
        del path, name, dpi
        self.drawn.append(page)
        return blank(columns)

    def close(self) -> None:
        pass


def blank(width: int) -> PageImage:
    return PageImage(PageSize(float(width), 10.0), np.zeros((10, width, 3), np.uint8))


def test_a_page_asked_for_again_is_not_drawn_again() -> None:
    drawer = Drawer()
    pictures = PagePictures(lambda: drawer)
    first = pictures.draw(PAPER, "a.pdf", 1, 800, 1.0)
    assert pictures.draw(PAPER, "a.pdf", 1, 800, 1.0) == first
    assert pictures.draw(PAPER, "a.pdf", 1, 400, 1.0) != first
    pictures.draw(PAPER, "a.pdf", 2, 800, 1.0)
    assert drawer.drawn == [1, 1, 2]
    pictures.close()


def test_the_oldest_go_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    drawer = Drawer()
    pictures = PagePictures(lambda: drawer)
    size = len(pictures.draw(PAPER, "a.pdf", 1, 800, 1.0))
    monkeypatch.setattr(page_pictures, "_KEPT_BYTES", 2 * size)
    for page in (2, 1, 3, 1, 2):
        pictures.draw(PAPER, "a.pdf", page, 800, 1.0)
    assert drawer.drawn == [1, 2, 3, 2]  # 1 was asked for again before 3 came, so 2 went
    pictures.close()
