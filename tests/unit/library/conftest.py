"""A lab with an administrator, on each database."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from carrel.storage.database import Catalog
from tests.catalogs import CATALOGS
from tests.unit.library.people import Lab, lab_over


@pytest.fixture(params=CATALOGS)
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    with CATALOGS[request.param](tmp_path / "home") as opener, closing(opener(60.0)) as catalog:
        yield catalog


@pytest.fixture
def lab(catalog: Catalog) -> Lab:
    return lab_over(catalog)
