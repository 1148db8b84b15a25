"""The real command with the real model."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import Carrel
from tests.e2e.pages import GUEST, NAME, House, Site, first_visit, make_guest, open_browser, open_house
from tests.unit.engines.model_cache import model_cache
from tests.unit.parsing import samples

__all__ = ["model_cache"]


@pytest.fixture
def carrel(tmp_path: Path, model_cache: Path) -> Carrel:
    """The command on a fresh data folder, the same on machines with and without Tesseract."""
    return Carrel(tmp_path / "home", model_cache, {"CARREL_OCR": "false"})


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Iterator[House]:
    """A server for the pages' tests."""
    home = tmp_path_factory.mktemp("pages") / "home"
    with open_house(Carrel(home, model_cache, {"CARREL_OCR": "false"})) as house:
        yield house


@pytest.fixture(scope="module")
def site(house: House) -> Iterator[Site]:
    """The pages in a browser, after a first visit; ada is the administrator, bob a second person."""
    with open_browser() as browser:
        site = Site(house, browser)
        if not house.states:
            with site.visit("") as page:
                house.found_first = first_visit(page)
                house.states[NAME] = page.context.storage_state()
            make_guest(site)
        assert house.states.keys() == {NAME, GUEST}
        yield site


@pytest.fixture(scope="session")
def small_papers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Five papers of one page each, on five subjects."""
    folder = tmp_path_factory.mktemp("papers")
    subjects = ("corals", "transformers", "glaciers", "compilers", "violins")
    return tuple(write_paper(folder / f"{subject}.pdf", subject) for subject in subjects)


@pytest.fixture(scope="session")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, model_cache: Path, small_papers: tuple[Path, ...]
) -> Path:
    """A data folder with the five small papers in ``library``; to be copied, never used."""
    carrel = Carrel(tmp_path_factory.mktemp("prepared") / "home", model_cache, {"CARREL_OCR": "false"})
    carrel.json("add", *small_papers)
    return carrel.home


@pytest.fixture
def five(carrel: Carrel, prepared: Path) -> Carrel:
    """The command on a data folder of its own, in which the five small papers are."""
    shutil.copytree(prepared, carrel.home)
    return carrel


def write_paper(path: Path, subject: str) -> Path:
    """Write a paper of one page about a subject."""
    text = (
        f"We study {subject} and report what {subject} do when they are observed.",
        f"Many have written about {subject}; few have measured {subject} with care.",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        samples.paper(f"On the Nature of {subject.title()}", pages=[(("1 Introduction", text),)])
    )
    return path
