"""What several tests need: the sample papers, the real papers where they are, a data folder."""

from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.chroma_server import chroma_server
from tests.memory import temporary_root

__all__ = ["chroma_server"]  # a fixture

# A busy machine is not a wrong answer: timings never decide a test.
settings.register_profile("carrel", deadline=None)
settings.load_profile("carrel")

temporary_root()  # before pytest makes its folder

ROOT = Path(__file__).resolve().parents[1]
# Files whose tests stay in one process, in order: servers and a browser of their own, or kills by chance.
TOGETHER = {
    "tests/e2e/test_pages.py": "pages",
    "tests/e2e/test_pages_everywhere.py": "pages",
    "tests/e2e/test_pages_filling.py": "pages",
    "tests/e2e/test_pages_models.py": "pages",
    "tests/e2e/test_pages_trouble.py": "pages",
    "tests/e2e/test_crash.py": "kill",
    "tests/e2e/test_kill.py": "kill",
    "tests/e2e/test_keeping.py": "kill",
    "tests/contract/test_index.py": "chroma",
    "tests/integration/test_chroma.py": "chroma",
}
TOGETHER_BY_FILE = "tests/unit/"  # those of a file share what it makes


class Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each test to whoever is free, but for those that belong together. The largest groups begin."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return TOGETHER.get(file, file if file.startswith(TOGETHER_BY_FILE) else nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """Name the scheduler: xdist's own groups by mark are not heeded under pytest 9.2."""
    return Together(config, log)


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
