"""Reads programs: the text as it was written, its functions and classes as sections."""

import re
from dataclasses import replace

from carrel.core.file_errors import NoTextInside
from carrel.core.languages_of_code import language_of_code
from carrel.core.metadata import Evidence, Metadata, Source
from carrel.core.paper import NO_WORD_BOXES, ParsedPaper
from carrel.core.quality import ParseQuality
from carrel.parsing.code_units import Unit, blocks_of
from carrel.parsing.plain_units import plain_units
from carrel.parsing.python_units import python_units

_PYTHON = re.compile(
    r"^[ \t]*(?:(?:async\s+)?def\s+\w+\s*\((?:[^()]|\([^()]*\))*\)[^{\n=]*|class\s+\w+(?:\([^()]*\))?):",
    re.MULTILINE,
)
_RUBY = (re.compile(r"^[ \t]*def\s+[\w.]+", re.MULTILINE), re.compile(r"^[ \t]*end\b", re.MULTILINE))


def read_code(text: str, name: str) -> ParsedPaper:
    """Return a program as a paper: the file's name is its title, and says the language. In the child process.

    Raises:
        NoTextInside: there is not one letter.
    """
    text = "".join(sign if sign >= " " or sign in "\n\t" else " " for sign in text.replace("\r\n", "\n"))
    if not any(map(str.isalnum, text)):
        raise NoTextInside(name="")
    language = language_of_code(name)
    blocks = tuple(blocks_of(text, 0, len(text), _units(text, language)))
    evidence = {"title": Evidence(Source.FILE, 1.0)} | (
        {"keywords": Evidence(Source.FILE, 0.9)} if language else {}
    )
    metadata = Metadata(title=name, keywords=(language,) if language else (), evidence=evidence)
    # How letters make words says nothing of a program.
    return ParsedPaper(
        metadata, text, blocks, NO_WORD_BOXES, (), ParseQuality(interleaved=None, outside=None)
    )


def _units(text: str, language: str) -> tuple[Unit, ...]:
    if language == "Python":
        try:
            return python_units(text)
        except ValueError:
            pass  # Python 2, or a notebook's commands: what is seen of it tells nearly as much
    return plain_units(text, language)


def as_code(parsed: ParsedPaper) -> ParsedPaper:
    """Return a paper whose text is a program, such as a record of a judged set, as a program is read.

    Its language is told by the looks of it, and said only where that is certain.
    """
    language = _looks_like(parsed.text)
    blocks = tuple(blocks_of(parsed.text, 0, len(parsed.text), plain_units(parsed.text, language)))
    if not language:
        return replace(parsed, blocks=blocks)
    metadata = replace(
        parsed.metadata,
        keywords=(language,),
        evidence={**parsed.metadata.evidence, "keywords": Evidence(Source.TEXT, 0.9)},
    )
    return replace(parsed, blocks=blocks, metadata=metadata)


def _looks_like(text: str) -> str:
    """Return Python or Ruby, which have no braces to go by; "" for anything else."""
    if _PYTHON.search(text):
        return "Python"
    return "Ruby" if all(each.search(text) for each in _RUBY) else ""
