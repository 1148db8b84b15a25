"""A lab with an administrator."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.library.people import Lab, lab_in


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with lab_in(tmp_path / "home") as opened:
        yield opened
