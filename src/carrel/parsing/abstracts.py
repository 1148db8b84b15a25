"""The abstract: under its heading, after its label, or told by how it is set."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from carrel.core.paper import Block, BlockKind
from carrel.core.text_language import language_of
from carrel.parsing.keywords import LABEL as KEYWORDS
from carrel.parsing.printed import Line
from carrel.parsing.typography import ends_sentence, is_wide, near

_NAMES = (
    r"abstract|a\s?b\s?s\s?t\s?r\s?a\s?c\s?t|summary|executive summary|摘\s*要|内容提要|提\s*要|要\s*旨"
    r"|概\s*要|抄\s*録|あらまし|초\s*록|요\s*약"
    r"|résumé|zusammenfassung|kurzfassung|resumen|resumo|riassunto|sommario|samenvatting|аннотация"
)
HEAD = re.compile(
    rf"[\[【［*]?\s*(?:(?:\d+|[IVX]+)\.?\s+)?(?:中文|英文)?(?P<name>{_NAMES})\s*[\]】］]?"
    r"(?:\s*(?:[.:：—–|]|-(?=\s|(?-i:[A-Z])))+\s*|\s+(?=(?-i:[^a-z\s]))|\s*$|(?<=[要旨録し록약]))",
    re.IGNORECASE,
)
_STOP = re.compile(
    r"(?:categories and subject|ccs concepts|general terms|acm reference|acm classification|permission to"
    r"|copyright|©|\(c\) \d|(?:\d+\.?|[IVX]+\.)?\s*introduction\b\s*(?:$|[A-Z.:—])"
    r"|pacs\b|msc\b|jel\b|mathematics subject|中图法?分类号|文献标[志识]码|基金项目|收稿日期"
    r"|manuscript (?:received|submitted)|digital object identifier|the authors? (?:is|are) with|date of p"
    r"|received\b|corresponding|correspondence|e-?mail|this work was|\*+\s*[A-Z]|[∗†‡§]"
    r"|proceedings of|appearing in|to appear|in proceedings|published|citation\b|how to cite|cite this"
    r"|open access|keywords|article history|author summary|significance statement|doi\b|https?://\S+$"
    r"|1\.?\s+[A-Z][a-z]+|[Ii]\.\s+[A-Z]{3,}|引\s*言|绪\s*论)",
    re.IGNORECASE,
)
_INLINE_STOP = re.compile(
    r"(?:^|\s)(?:(?:Additional )?(?:Key\s?[Ww]ords?|KEY\s?WORDS?|KEYWORDS|Index [Tt]erms"
    r"|INDEX TERMS)(?: and [Pp]hrases)?\s*[:：—–]|关\s*键\s*[词字]\s*[:：]?|中图法?分类号)"
    r"|(?:^|(?<=[.。!?)]\s))(?:(?:Additional )?(?:Key\s?[Ww]ords?|KEY\s?WORDS?|KEYWORDS|Index [Tt]erms)\b"
    r"|CCS (?:Concepts|CONCEPTS)|General Terms|GENERAL TERMS"
    r"|Categories and Subject|ACM Reference|©\s*(?:19|20)\d\d|1\.?\s+I(?:ntroduction|NTRODUCTION)\b"
    r"|I\.\s+INTRODUCTION\b|Appearing in Proceedings"
    r"|(?:©|c)\s(?:19|20)\d\d\b|Mathematics Subject|(?:19|20)\d\d (?:Mathematics|AMS) Subject|(?:PACS|JEL)\b)"
)
_PART = re.compile(
    r"(?:background|introduction|context|objectives?|aims?|purpose|motivation|methods?|methodology"
    r"|materials and methods|design|setting|participants"
    r"|results?|findings|main results|conclusions?|discussion|interpretation|significance|importance"
    r"|limitations?|originality|implications|trial registration|funding"
    r"|methods? and findings|methodology/principal findings|conclusions?/significance"
    r"|目的|方法|结果|结论|背景)[:.：]?",
    re.IGNORECASE,
)
_LISTS = re.compile(
    r"ccs concepts|categories and subject|general terms|pacs\b|msc\b|jel\b|mathematics subject",
    re.IGNORECASE,
)
_INTRODUCTION = re.compile(
    r"(?:(?:\d+|[IVX]+)\.?\s*)?(?:introduction|引\s*言|绪\s*论|前\s*言|einleitung)\b|1\.?\s+\S",
    re.IGNORECASE,
)
_SKIPPED = (BlockKind.FOOTNOTE, BlockKind.CAPTION, BlockKind.TABLE)
_LONGEST = 6_000
_LONG = 3_500  # characters: few abstracts are longer
_SHORT = 40
_LONGEST_HEADING = 100  # characters; a Chinese one takes the room of two others
_SHORTEST_UNNAMED = 200
_MOST_UNNAMED = 4  # paragraphs
_FIRST_BLOCKS = 80
_KEY = 24  # characters that tell which printed line a block begins with


@dataclass(frozen=True, slots=True)
class FoundAbstract:
    """An abstract and how sure it is that it is one."""

    text: str
    confidence: float


def find_abstract(
    text: str, blocks: Sequence[Block], lines: Sequence[Line], language: str
) -> FoundAbstract | None:
    """Return the abstract, or None: of two, the one in the paper's own ``language``.

    ``lines`` are those of page one: their sizes tell the abstract from what follows it.
    """
    blocks = blocks[:_FIRST_BLOCKS]
    setting = _Setting(text, lines)
    found = [each for i in range(len(blocks)) if (each := _named(text, blocks, i, setting)) is not None]
    if len(found) > 1:
        alike = [each for each in found if language and language_of(each.text) == language]
        return (alike or found)[0]
    if found:
        return found[0]
    return _unnamed(text, blocks, setting)


class _Setting:
    """The font sizes and left edges of blocks on page one, by what they begin with."""

    def __init__(self, text: str, lines: Sequence[Line]) -> None:
        self._text = text
        self._lines = {_key(line.text): line for line in reversed(lines)}
        sizes: Counter[float] = Counter()
        for line in lines:
            sizes[round(line.size, 1)] += len(line.text)
        self.body = max(sizes, key=lambda size: sizes[size]) if sizes else 0.0
        """The font size of most characters on page one."""

    def of(self, start: int) -> Line | None:
        """Return the printed line that begins at this character, if it is on page one."""
        key = _key(self._text[start : start + 3 * _KEY])
        return self._lines.get(key) if len(key) == _KEY else None


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text[: 3 * _KEY]))[:_KEY]


def _named(text: str, blocks: Sequence[Block], i: int, setting: _Setting) -> FoundAbstract | None:
    """Return the abstract that block ``i`` names, or None."""
    block = blocks[i]
    content = text[block.start : block.end]
    head = HEAD.match(content)
    if head is None or block.kind in _SKIPPED:
        return None
    rest = content[head.end() :].strip()
    weak = head["name"].lower() == "summary"
    if rest and block.kind is BlockKind.HEADING and len(rest) < _SHORT:
        return None
    if rest and weak and head.group().rstrip() == head["name"]:
        return None
    first, ended = _cut(rest)
    begin = block.start + head.end() if rest else (blocks[i + 1].start if i + 1 < len(blocks) else 0)
    parts = [first] if first else []
    if not ended:
        parts += _following(
            text, blocks[i + 1 :], setting, setting.of(begin) or setting.of(block.start), parts
        )
    whole = _limited([part for part in parts if part])
    if len(whole) < _SHORT and language_of(whole) != "zh":
        return None
    return FoundAbstract(whole, 0.75 if weak else 0.95)


def _cut(content: str) -> tuple[str, bool]:
    """Return a paragraph up to what follows an abstract, and whether that follows."""
    end = _INLINE_STOP.search(content)
    return (content[: end.start()].strip(), True) if end else (content.strip(), False)


def _following(
    text: str, blocks: Sequence[Block], setting: _Setting, first: Line | None, before: Sequence[str]
) -> Iterator[str]:
    """Yield the paragraphs that belong to an abstract whose heading or first paragraph stands before them."""
    label = ""
    last = before[-1] if before else ""
    for block in blocks:
        content = text[block.start : block.end]
        if block.kind in _SKIPPED:
            continue
        if block.kind is BlockKind.HEADING and not _is_long(content):
            if not _PART.fullmatch(content.strip()) or (last and not label):
                return
            label = content.strip().rstrip(":.：")
            continue
        if _STOP.match(content) or KEYWORDS.match(content) or HEAD.match(content):
            return
        line = setting.of(block.start)
        if last and first is not None and line is not None and not _alike(first, line, last):
            if line.size < 0.93 * first.size and not ends_sentence(last):
                continue  # a footnote between the columns
            return
        first = first or line
        part, ended = _cut(content)
        last = part or last
        yield f"{label}: {part}" if label and part else part
        if ended:
            return


def _is_long(heading: str) -> bool:
    """Whether what is called a heading is too long for one: large or bold lines of an abstract."""
    return len(heading) + sum(map(is_wide, heading)) > _LONGEST_HEADING


def _alike(first: Line, line: Line, before: str) -> bool:
    """Whether a paragraph is set as the abstract is: in its size, and in its column if a sentence ended."""
    if not near(first.size, line.size, 0.04) or first.bold != line.bold:
        return False
    return not ends_sentence(before) or abs(first.x0 - line.x0) < 2.5 * line.size


def _limited(parts: Sequence[str]) -> str:
    """Return the paragraphs as one text: the first alone where all are too long for an abstract."""
    kept: list[str] = []
    for part in parts:
        if kept and sum(map(len, kept)) + len(part) > _LONG and ends_sentence(kept[-1]):
            break
        kept.append(part)
    # What a column's end has broken is one paragraph.
    whole = ""
    for part in kept:
        glue = "" if not whole else "\n\n" if ends_sentence(whole) else " "
        whole = f"{whole}{glue}{part}"
    return whole[:_LONGEST]


def _unnamed(text: str, blocks: Sequence[Block], setting: _Setting) -> FoundAbstract | None:
    """Return the first paragraphs, where they are set apart from the text or stand before "Introduction"."""
    first = next((i for i, block in enumerate(blocks) if block.kind is not BlockKind.FRONT), len(blocks))
    parts: list[str] = []
    lines: list[Line] = []
    for block in blocks[first:]:
        content = text[block.start : block.end]
        line = setting.of(block.start)
        end = _end_of_unnamed(block, content, line, lines, setting)
        if end is not None:
            return _as_unnamed(parts, lines) if end else None
        if block.kind in _SKIPPED or (
            lines and line is not None and not near(lines[0].size, line.size, 0.04)
        ):
            continue
        lines += [line] if line is not None else []
        part, ended = _cut(content)
        parts.append(part)
        if ended:
            return _as_unnamed(parts, lines)
    return None


def _as_unnamed(parts: Sequence[str], lines: Sequence[Line]) -> FoundAbstract | None:
    """Return paragraphs as an abstract, if they are of an abstract's length."""
    whole = _limited(parts)
    fits = lines and _SHORTEST_UNNAMED <= len(whole) <= _LONG and len(parts) <= _MOST_UNNAMED
    return FoundAbstract(whole, 0.6) if fits else None


def _end_of_unnamed(
    block: Block, content: str, line: Line | None, lines: Sequence[Line], setting: _Setting
) -> bool | None:
    """Return whether what ends here was an abstract; None where nothing ends."""
    if block.kind in _SKIPPED:
        return None
    if block.kind is not BlockKind.PARAGRAPH and not _is_long(content):
        return _INTRODUCTION.match(content) is not None
    if lines and line is not None and not near(lines[0].size, line.size, 0.04):
        to_body = near(line.size, setting.body, 0.02)
        return to_body if to_body or line.size > lines[0].size else None
    if lines and line is not None and lines[0].bold and not line.bold:
        return True
    if KEYWORDS.match(content) or _STOP.match(content):
        return KEYWORDS.match(content) is not None or _LISTS.match(content) is not None
    return None
