"""What commands print: one JSON document, or text that a person reads. Logs go to standard error."""

import json
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence

from carrel.core.errors import CarrelError
from carrel.core.language import tr
from carrel.core.paper import Passage

# What could steer a terminal and JSON allows: DEL, C1 controls, marks that turn the direction of text.
_STEERING = re.compile("[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def print_json(document: Json) -> None:
    """Print the command's one JSON document."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    print(_STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def note(text: str) -> None:
    """Print a line for the person who waits, on standard error."""
    print(printable(text), file=sys.stderr, flush=True)


def report_error(error: CarrelError, as_json: bool) -> None:
    """Print what happened and what to do next; with ``as_json``, the document is the error."""
    if as_json:
        print_json({"error": error_document(error)})
    note(tr("Error: {message}").format(message=str(error)))


def error_document(error: CarrelError) -> dict[str, Json]:
    """Return an error as programs read it."""
    return {"kind": error.kind, "message": str(error)}


def printable(text: str) -> str:
    """Return the text as one line without control characters: a title must not steer the terminal."""
    return "".join(" " if c.isspace() else "�" if unicodedata.category(c)[0] == "C" else c for c in text)


def place_of(passage: Passage) -> str:
    """Return where a passage stands: its page, or its paragraph in a file without pages."""
    if passage.page is None:
        return tr("paragraph {number}").format(number=passage.paragraph)
    return tr("page {page}").format(page=passage.page)


def width(text: str) -> int:
    """Return the columns a text takes on a terminal; Chinese characters take two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def wrapped(text: str, columns: int) -> list[str]:
    """Break a text into lines of at most so many columns, at spaces or between Chinese characters."""
    lines: list[str] = []
    line = ""
    for word in _pieces(" ".join(text.split())):
        if line and width(line) + width(word.rstrip()) > columns:
            lines.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()] if line.strip() else lines


def shortened(text: str, columns: int) -> str:
    """Return the text cut to at most so many columns, with an ellipsis where something is missing."""
    if width(text) <= columns:
        return text
    kept = ""
    for character in text:
        if width(kept) + width(character) > columns - 1:
            break
        kept += character
    return kept.rstrip() + "…"


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    current = ""
    for character in text:
        wide = unicodedata.east_asian_width(character) in "WF"
        if wide or current.endswith(" "):
            pieces.append(current)
            current = ""
        current += character
        if wide:
            current, piece = "", current
            pieces.append(piece)
    return [piece for piece in [*pieces, current] if piece]
