"""Chinese terms of research, of Carrel's own making: what papers say and CC-CEDICT lacks, or puts last."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources

_FILE = "research_terms_zh.tsv"  # simplified, traditional where it differs, English


@cache
def research_terms() -> Mapping[str, tuple[str, ...]]:
    """Return what each term means, by its simplified and by its traditional form."""
    text = _content().decode("utf-8")
    lines = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return {
        word: tuple(english.split("; "))
        for simplified, traditional, english in lines
        for word in (simplified, traditional)
        if word
    }


@cache
def research_terms_edition() -> str:
    """Return a short hash of the terms: another one where any of them is another."""
    return hashlib.sha256(_content()).hexdigest()[:8]


def _content() -> bytes:
    return (resources.files("carrel.engines") / _FILE).read_bytes()


def with_research_terms(senses: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return a dictionary with these terms in it, what they say first."""
    terms = research_terms()
    added = {word: tuple(dict.fromkeys((*said, *senses.get(word, ())))) for word, said in terms.items()}
    return {**senses, **added}
