"""Other processes that own an index: real ones, so that locks and crashes are real."""

import subprocess
import sys
from pathlib import Path

_OWNER = """
import sys, time
from pathlib import Path
from tests.contract.test_index import BASE, SPACE, paper
from carrel.indexing.shards import QdrantIndexes

indexes = QdrantIndexes(Path(sys.argv[1]))
indexes.acquire("carrel add", 0)
index = indexes.open(BASE, SPACE)
for n in range(int(sys.argv[2])):
    index.add([paper(f"paper {n}", [f"passage {m} of {n}" for m in range(5)])])
print("added", flush=True)
time.sleep(60)
"""

ROOT = Path(__file__).resolve().parents[3]


def start_owner(folder: Path, papers: int = 0) -> subprocess.Popen[str]:
    """Start a process that owns the indexes in ``folder`` and has added so many papers on return."""
    command = [sys.executable, "-c", _OWNER, str(folder), str(papers)]
    owner = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "added\n"
    return owner


def kill(owner: "subprocess.Popen[str]") -> None:
    """Kill without a chance to tidy up (``kill -9``), and wait until it is gone."""
    owner.kill()
    owner.communicate()
