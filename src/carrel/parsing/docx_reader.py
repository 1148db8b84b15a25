"""Reads Word's .docx with python-docx: title, headings, lists, tables, captions, notes."""

import datetime
import errno
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.exceptions import PackageNotFoundError
from lxml import etree

from carrel.core.file_errors import DamagedDocument, FileTooLarge
from carrel.core.metadata import Evidence, Metadata, Source
from carrel.core.paper import BlockKind
from carrel.parsing import docx_text
from carrel.parsing.authors import authors_from_info
from carrel.parsing.pageless import Piece, Reading
from carrel.parsing.plain_structure import plain_heading, with_title

if TYPE_CHECKING:
    from docx.document import Document
    from docx.opc.coreprops import CoreProperties

MOST_UNPACKED_MB = 256
_MOST_XML_MB = 64
_MEGABYTE = 1 << 20
_NOTES_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_HEADING_STYLE = re.compile(r"(?:heading|标题|überschrift|titre)\s*(\d)", re.IGNORECASE)
_LIST_STYLE = re.compile(r"list|bullet|number", re.IGNORECASE)
_CONTENTS_STYLE = re.compile(r"toc\b|contents|table of (?:figures|authorities)|index \d", re.IGNORECASE)
_CAPTION_STYLE = re.compile(r"(?:table |figure |image )?caption\b|题注", re.IGNORECASE)
_TITLE_STYLE = re.compile(r"(?:paper |document |article )?title\b|标题$|题目", re.IGNORECASE)
_AUTHOR_STYLE = re.compile(r"authors?\b|byline|作者", re.IGNORECASE)
_REFERENCE_STYLE = re.compile(r"bibliography|references?\b|参考文献", re.IGNORECASE)
_NOTE_STYLE = re.compile(r"(?:foot|end)note text", re.IGNORECASE)
# What word processors write by themselves.
_IDLE_TITLE = re.compile(
    r"word document|document\s?\d*|untitled|microsoft word.*|title|标题|.*\.docx?", re.IGNORECASE
)
_IDLE_AUTHOR = re.compile(
    r"python-docx|administrator|admin|user|owner|author|microsoft.*|windows.*|unknown|.*用户|pandoc",
    re.IGNORECASE,
)

_STRICT = b"http://purl.oclc.org/ooxml/"
_IDLE_DATE = datetime.date(2013, 12, 23)  # of python-docx's template


def read_docx(path: Path) -> Reading:
    """Return what a Word document holds.

    Raises:
        DamagedDocument: it cannot be opened.
        FileTooLarge: it would unpack to more than a document does. Nothing was unpacked.
    """
    _check_size(path)
    try:
        document = docx.Document(str(path))
        pieces = list(_Walk(document).pieces())
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DamagedDocument(name="", detail="its archive is broken") from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # an offset in it lies before its beginning
            raise DamagedDocument(name="", detail="its archive is broken") from error
        raise
    except (PackageNotFoundError, LookupError, ValueError, AttributeError, TypeError) as error:
        # What python-docx raises where a part is missing, or is another part than it should be.
        strict = _is_strict(path)
        detail = (
            "Strict Open XML: save it as an ordinary Word document" if strict else "it is no Word document"
        )
        raise DamagedDocument(name="", detail=detail) from error
    except etree.XMLSyntaxError as error:
        if "emory allocation" in str(error):
            raise MemoryError from error
        raise DamagedDocument(name="", detail="its text is damaged") from error
    title = next((piece.text for piece in pieces if piece.kind is BlockKind.FRONT), "")
    return Reading(pieces if title else with_title(pieces), _said(document, title))


def _check_size(path: Path) -> None:
    """Refuse a bomb by its table of contents: zipfile unpacks no more of a part than that says."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DamagedDocument(name="", detail="its archive is broken") from error
    if any(entry.flag_bits & 1 for entry in entries):
        raise DamagedDocument(name="", detail="its archive is encrypted")
    whole = sum(entry.file_size for entry in entries)
    xml = max((entry.file_size for entry in entries if entry.filename.endswith((".xml", ".rels"))), default=0)
    if whole > MOST_UNPACKED_MB * _MEGABYTE:
        raise FileTooLarge(name="", megabytes=whole // _MEGABYTE, limit=MOST_UNPACKED_MB)
    if xml > _MOST_XML_MB * _MEGABYTE:
        raise FileTooLarge(name="", megabytes=xml // _MEGABYTE, limit=_MOST_XML_MB)


def _is_strict(path: Path) -> bool:
    """Whether it is of the variant of ISO 29500 that python-docx does not read; its sizes are checked."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _STRICT in archive.read("_rels/.rels")
    except (zipfile.BadZipFile, zlib.error, LookupError, ValueError, OSError):
        return False


class _Walk:
    """One pass over a document's body."""

    def __init__(self, document: "Document") -> None:
        self._body = cast(etree._Element, document.element.body)
        self._styles = _style_names(document)
        self._notes = _notes(document)
        self._outlines = _outline_levels(document)
        # Where a document uses no heading styles, numbers and names must do.
        self._styled = any(
            self._level(self._style(paragraph), paragraph) for paragraph in docx_text.blocks_in(self._body)
        )

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces in order; a note follows what refers to it."""
        for block in docx_text.blocks_in(self._body):
            yield from self._piece(block)

    def _piece(self, block: etree._Element) -> Iterator[Piece]:
        if block.tag == docx_text.TABLE:
            yield Piece(BlockKind.TABLE, docx_text.table_text(block))
        else:
            if (text := docx_text.paragraph_text(block).strip()) and (piece := self._paragraph(block, text)):
                yield piece
            for box in docx_text.boxes_in(block):
                for inner in docx_text.blocks_in(box):
                    yield from self._piece(inner)
        for kind, identifier in docx_text.notes_marked_in(block):
            if note := self._notes.pop((kind, identifier), ""):
                yield Piece(BlockKind.FOOTNOTE, note)

    def _paragraph(self, paragraph: etree._Element, text: str) -> Piece | None:
        name = self._style(paragraph)
        if _CONTENTS_STYLE.match(name):
            return None
        if level := self._level(name, paragraph):
            return Piece(BlockKind.HEADING, " ".join(text.split()), level)
        if _TITLE_STYLE.match(name) or _AUTHOR_STYLE.match(name):
            return Piece(BlockKind.FRONT if _TITLE_STYLE.match(name) else BlockKind.PARAGRAPH, text)
        for pattern, kind in (
            (_CAPTION_STYLE, BlockKind.CAPTION),
            (_REFERENCE_STYLE, BlockKind.REFERENCE),
            (_NOTE_STYLE, BlockKind.FOOTNOTE),
        ):
            if pattern.match(name):
                return Piece(kind, text)
        listed = _LIST_STYLE.search(name) or paragraph.find(docx_text.NUMBERED) is not None
        if not self._styled and not listed and (level := plain_heading(text)):
            return Piece(BlockKind.HEADING, text, level)
        return Piece(BlockKind.PARAGRAPH, text)

    def _style(self, paragraph: etree._Element) -> str:
        style = paragraph.find(docx_text.STYLE)
        return self._styles.get(style.get(docx_text.VALUE) or "", "") if style is not None else ""

    def _level(self, name: str, paragraph: etree._Element) -> int:
        """Return a heading's level: by its style's name, else by an outline level; 0 for no heading."""
        if match := _HEADING_STYLE.match(name):
            return int(match[1])
        outline = paragraph.find(docx_text.OUTLINE)
        level = outline.get(docx_text.VALUE) if outline is not None else self._outlines.get(name)
        return int(level) + 1 if level is not None and level.isdecimal() and int(level) < 9 else 0


def _style_names(document: "Document") -> dict[str, str]:
    """Return the name of each paragraph style by its id; the id may be in any language."""
    return {
        style.style_id: style.name or "" for style in document.styles if style.type == WD_STYLE_TYPE.PARAGRAPH
    }


def _outline_levels(document: "Document") -> dict[str, str]:
    """Return the outline level of those styles that have one, by the style's name."""
    levels = {}
    for style in document.styles:
        if style.type != WD_STYLE_TYPE.PARAGRAPH:
            continue
        outline = style.element.find(docx_text.OUTLINE)
        if outline is not None and style.name:
            levels[style.name] = outline.get(docx_text.VALUE) or ""
    return levels


def _notes(document: "Document") -> dict[tuple[str, str], str]:
    notes: dict[tuple[str, str], str] = {}
    for relation in document.part.rels.values():
        kind = relation.reltype.removeprefix(_NOTES_TYPE)
        if kind in ("footnotes", "endnotes") and not relation.is_external:
            found = docx_text.notes_in(relation.target_part.blob)
            notes |= {(kind, identifier): text for identifier, text in found.items()}
    return notes


def _said(document: "Document", title: str) -> Metadata:
    """Return what the document's properties say, where a person wrote it, and the title by its style."""
    values: dict[str, object] = {}
    evidence: dict[str, Evidence] = {}

    def say(field: str, value: object, source: Source, confidence: float) -> None:
        if value:
            values[field], evidence[field] = value, Evidence(source, confidence)

    say("title", " ".join(title.split()), Source.PAGE, 0.95)
    with suppress(AttributeError, LookupError, ValueError, TypeError):  # damaged properties say nothing
        _say_properties(document.core_properties, bool(title), say)
    return Metadata(**values, evidence=evidence)  # type: ignore[arg-type]  # each as its field wants it


def _say_properties(
    core: "CoreProperties", printed: bool, say: Callable[[str, object, Source, float], None]
) -> None:
    if not printed and not _IDLE_TITLE.fullmatch(core.title.strip()):
        say("title", " ".join(core.title.split()), Source.FILE, 0.5)
    if not _IDLE_AUTHOR.fullmatch(core.author.strip()):
        say("authors", authors_from_info(core.author), Source.FILE, 0.4)
    words = re.split(r"\s*[;；,，、]\s*", core.keywords)
    say("keywords", tuple(word for word in words if word), Source.FILE, 0.6)
    written = core.created or core.modified
    if written is not None and 1980 < written.year < 2100 and written.date() != _IDLE_DATE:
        say("year", written.year, Source.FILE, 0.3)
