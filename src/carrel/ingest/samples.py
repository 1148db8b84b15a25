"""The sample papers, all written for Carrel: where they are, and questions that they answer."""

from importlib import resources
from pathlib import Path

from carrel.core.errors import PathMissing

KNOWLEDGE_BASE = "samples"
CHINESE_QUESTION = "基于Transformer的长序列建模方法有哪些?"
"""What methods exist for modelling long sequences with Transformers? Over papers in English."""

QUESTIONS = (
    "What methods exist for modelling long sequences with Transformers?",
    "How can attention be computed exactly without storing the score matrix?",
    "Why do corals bleach, and how is heat stress measured from satellites?",
    CHINESE_QUESTION,
)


def samples_folder() -> Path:
    """Return the folder of the sample papers: in the package, or beside it in a checkout.

    Raises:
        PathMissing: this installation has none.
    """
    packaged = Path(str(resources.files("carrel"))) / "samples"
    in_checkout = Path(__file__).resolve().parents[3] / "examples" / "papers"
    for folder in (packaged, in_checkout):
        if folder.is_dir():
            return folder
    raise PathMissing(path=packaged)
