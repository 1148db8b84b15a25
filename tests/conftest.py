"""What several tests need: the sample papers, the real papers where they are, a data folder."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.chroma_server import chroma_server

__all__ = ["chroma_server"]  # a fixture

# A busy machine is not a wrong answer: timings never decide a test.
settings.register_profile("carrel", deadline=None)
settings.load_profile("carrel")

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def sample_papers() -> Path:
    """The folder of sample papers in the repository."""
    return ROOT / "examples" / "papers"


@pytest.fixture(scope="session")
def real_papers() -> Path:
    """The folder of real papers and their manifest; the test skips where it is absent."""
    folder = SHARED_DATA / "pdf"
    if not (folder / "manifest.jsonl").is_file():
        pytest.skip(f"the real papers are not on this machine ({folder})")
    return folder
