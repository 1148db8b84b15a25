"""What the words of a text are in a domain: an article by its number, an identifier by the words in it.

The analyser is the same everywhere; a domain gives it more text, of documents and of questions alike.
"""

import re
from collections.abc import Iterator

from carrel.core.article_numbers import article_numbers
from carrel.core.domains import Domain
from carrel.core.metadata import Metadata

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*[a-z][A-Z][A-Za-z0-9]*|[A-Z]{2,}[a-z][A-Za-z0-9]*")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_DOCSTRING = re.compile(r'("""|\'\'\')(.*?)\1', re.DOTALL)
_COMMENT = re.compile(r"/\*+(.*?)\*/|((?:^[ \t]*(?://+|#+)(?![!\[])[^\n]*\n)+)", re.DOTALL | re.MULTILINE)
_SIGNS = re.compile(r"(?m)^\s*(?:\*+|//+[/!]?|#+)\s?")
_LONGEST_SUMMARY = 2000  # characters


def passage_text(domain: Domain, metadata: Metadata, section: str, text: str) -> str:
    """Return the text of a passage whose terms the index counts."""
    plain = f"{section}\n{text}"
    if domain is Domain.STATUTES:
        return _and(plain, (number.term for number in article_numbers(section)))
    if domain is Domain.CODE:
        # Everybody who asks names the language; where it stands with every function it tells nothing.
        return _and(plain, (*_words(plain), summary(section, text), *metadata.keywords))
    return plain


def paper_text(domain: Domain, metadata: Metadata) -> str:
    """Return the text of a whole paper whose terms the index counts.

    The title is there twice: a word in it says more of the paper than one in the abstract (Robertson,
    Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields", 2004).
    """
    plain = "\n".join((metadata.title, metadata.title, ", ".join(metadata.authors), metadata.abstract))
    if domain is Domain.STATUTES:
        return _and(plain, (number.term for number in article_numbers(metadata.title)))
    if domain is Domain.CODE:
        return _and(plain, (*_words(plain), *metadata.keywords))
    return plain


def question_text(domain: Domain, text: str) -> str:
    """Return a question as the index of a domain is to be asked."""
    if domain is Domain.STATUTES:
        return _and(text, (number.term for number in article_numbers(text)))
    if domain is Domain.CODE:
        return _and(text, _words(text))
    return text


def summary(section: str, code: str) -> str:
    """Return what a function says that it does: the words of its name, and its docstring or first comment."""
    name = split_identifier(section.rpartition(" › ")[2])
    return f"{name}\n{docstring(code)[0]}".strip()


def docstring(code: str) -> tuple[str, str]:
    """Return a function's docstring or first comment without its signs, and the code without that."""
    if found := _DOCSTRING.search(code):
        said = found[2]
    elif found := _COMMENT.search(code):
        said = found[1] or found[2]
    else:
        return "", code
    even = " ".join(_SIGNS.sub("", said[:_LONGEST_SUMMARY]).split())
    return even, code[: found.start()] + code[found.end() :]


def split_identifier(name: str) -> str:
    """Return the words of an identifier: ``parseHTTPReply_2`` is parse HTTP Reply 2."""
    return " ".join(_WORD.findall(name))


def _words(text: str) -> Iterator[str]:
    return (split_identifier(found) for found in _IDENTIFIER.findall(text))


def _and(text: str, more: Iterator[str] | tuple[str, ...]) -> str:
    added = " ".join(more)
    return f"{text}\n{added}" if added else text
