"""Reads Markdown (CommonMark with tables, footnotes, formulas and a YAML block) with markdown-it-py."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from carrel.core.file_errors import DamagedDocument
from carrel.core.paper import BlockKind
from carrel.parsing.front_matter import said_in_front_matter
from carrel.parsing.pageless import CELL_BREAK, Piece, Reading
from carrel.parsing.plain_structure import joined_lines

_DEEPEST = 100  # levels; a list within a list is two
_CONTAINERS = frozenset(
    (
        "list_item_open",
        "bullet_list_open",
        "ordered_list_open",
        "blockquote_open",
        "footnote_reference_open",
        "footnote_open",
    )
)
_BLANK_LINES = re.compile(r"\n\s*\n")


def read_markdown(text: str) -> Reading:
    """Return what a Markdown text holds.

    Raises:
        DamagedDocument: it is nested so deeply that parts of it would be lost.
    """
    tokens = _parser().parse(text)
    # The parser leaves out what is in a container of the deepest level.
    if any(token.level + 1 >= _DEEPEST and token.type in _CONTAINERS for token in tokens):
        raise DamagedDocument(name="", detail="its elements are nested too deeply")
    pieces = tuple(_Walk(tokens).pieces())
    if not tokens or tokens[0].type != "front_matter":
        return Reading(pieces)
    block = tokens[0].content
    if (said := said_in_front_matter(block)) is not None:
        return Reading(pieces, said)
    # Not YAML but text between two lines, or YAML that is damaged: text in either case.
    return Reading((*(Piece(BlockKind.PARAGRAPH, each) for each in _BLANK_LINES.split(block)), *pieces))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable(["table", "strikethrough"])
    return parser.use(front_matter_plugin).use(footnote_plugin).use(dollarmath_plugin)


class _Walk:
    """One pass over a document's tokens."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._notes = _footnotes(tokens)
        self._marker = ""  # of the list item that begins
        self._cells: list[str] = []
        self._rows: list[str] = []
        self._heading = 0
        self._in_row = False

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces in order; a footnote follows what refers to it."""
        for token in self._tokens:
            if token.type == "footnote_block_open":
                return
            yield from self._piece(token)

    def _piece(self, token: Token) -> Iterator[Piece]:
        kind = token.type
        if kind == "heading_open":
            self._heading = int(token.tag[1:])
        elif kind == "heading_close":
            self._heading = 0
        elif kind == "list_item_open":
            self._marker = f"{token.info}{token.markup} " if token.info else ""
        elif kind == "tr_open":
            self._cells, self._in_row = [], True
        elif kind == "tr_close":
            self._in_row = False
            self._rows.append(CELL_BREAK.join(self._cells))
        elif kind == "table_open":
            self._rows = []
        elif kind == "table_close":
            yield Piece(BlockKind.TABLE, "\n".join(self._rows))
        elif kind == "inline":
            yield from self._inline(token)
        elif kind in ("fence", "code_block", "math_block", "math_block_label"):
            yield Piece(BlockKind.PARAGRAPH, token.content)
        elif kind == "html_block":
            yield from _html_pieces(token.content)

    def _inline(self, token: Token) -> Iterator[Piece]:
        children = token.children or []
        text = inline_text(children)
        if self._in_row:
            self._cells.append(text.replace("\n", " "))
        elif self._heading:
            yield Piece(BlockKind.HEADING, joined_lines(text.split("\n")), self._heading)
        else:
            yield Piece(BlockKind.PARAGRAPH, self._marker + text)
            self._marker = ""
        for child in children:
            if child.type == "footnote_ref" and (note := self._notes.pop(child.meta["id"], "")):
                yield Piece(BlockKind.FOOTNOTE, note)


def inline_text(children: Sequence[Token]) -> str:
    """Return the text of inline tokens; line breaks within a sentence go."""
    lines = [""]
    for child in children:
        if child.type in ("text", "code_inline", "text_special"):
            lines[-1] += child.content
        elif child.type == "math_inline":
            lines[-1] += f"${child.content}$"
        elif child.type == "math_inline_double":
            lines[-1] += f"$${child.content}$$"
        elif child.type == "image":
            lines[-1] += inline_text(child.children or [])
        elif child.type in ("softbreak", "hardbreak") or (
            child.type == "html_inline" and child.content.lower().startswith("<br")
        ):
            lines.append("")
    return joined_lines(lines)


def _footnotes(tokens: Sequence[Token]) -> dict[int, str]:
    """Return the text of each footnote by its number."""
    notes: dict[int, list[str]] = {}
    current: list[str] | None = None
    for token in tokens:
        if token.type == "footnote_open":
            current = notes.setdefault(token.meta["id"], [])
        elif token.type == "footnote_close":
            current = None
        elif token.type == "inline" and current is not None:
            current.append(inline_text(token.children or []))
    return {number: " ".join(texts) for number, texts in notes.items()}


def _html_pieces(content: str) -> Sequence[Piece]:
    """Return the pieces of HTML within Markdown, such as a table or a figure."""
    # Late: most Markdown has none.
    from carrel.parsing.html_reader import read_html

    return read_html(content).pieces
