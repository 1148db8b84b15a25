"""Chinese terms of research, of Carrel's own making: what papers say and CC-CEDICT lacks, or puts last."""

from collections.abc import Mapping
from functools import cache
from importlib import resources

_FILE = "research_terms_zh.tsv"  # simplified, traditional where it differs, English


@cache
def research_terms() -> Mapping[str, tuple[str, ...]]:
    """Return what each term means, by its simplified and by its traditional form."""
    text = (resources.files("carrel.engines") / _FILE).read_text(encoding="utf-8")
    lines = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return {
        word: tuple(english.split("; "))
        for simplified, traditional, english in lines
        for word in (simplified, traditional)
        if word
    }


def with_research_terms(senses: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return a dictionary with these terms in it, what they say first."""
    terms = research_terms()
    added = {word: tuple(dict.fromkeys((*said, *senses.get(word, ())))) for word, said in terms.items()}
    return {**senses, **added}
