"""The structure of statutes: parts, chapters, sections, and articles, of which each is a section of its own.

Only blocks change: the text stays as it was read, to the letter, and so do the places of its words.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from carrel.core.article_numbers import NUMBER, whole_number
from carrel.core.metadata import Evidence, Metadata, Source
from carrel.core.paper import Block, BlockKind, ParsedPaper

# With room between them: the name of a chapter, below its number, is deeper than the number.
_PART, _SUBPART, _CHAPTER, _SECTION, _ARTICLE, _BELOW = range(20, 80, 10)
_HIGHEST = 10  # of headings that are none of these
_CHINESE_LEVELS = {"编": _PART, "編": _PART, "分编": _SUBPART, "章": _CHAPTER, "节": _SECTION, "節": _SECTION}
_LONGEST_NAME = 60  # characters of a division's name, or of an article's heading
_LONGEST_WESTERN_NAME = 120
_MOST_ARTICLES_TO_BE_BELOW = 2  # so many times more sections than articles stand below them

# A reference stands where a heading could: 第五条的规定, 第五条第二款.
_REFERS_ON = r"(?!\s?(?:第|的|规定|規定|所|和|或|至|及|与|、|,|，|之|中))"
_ARTICLE_MARK = re.compile(
    rf"第\s?(?P<number>{NUMBER})\s?[条條](?:\s?之\s?(?P<inserted>{NUMBER}))?(?P<gap>\s*){_REFERS_ON}"
    r"(?P<name>(?:【[^】\n]{1,40}】|（[^）\n]{1,20}）|\([^)\n]{1,20}\))(?=\s*\S))?"
)
_DIVISION = re.compile(rf"第\s?{NUMBER}\s?(?P<unit>分编|[编編章节節])(?![^\s　]{{0,2}}条)")
_SENTENCE_END = re.compile(r"[。；：！？]")
_BEGINS_WITHIN = re.compile(r"(?:(?<=[。；：！？）】”])|(?<=\n))\s*(?=第)")

_ROMAN_OR_DIGITS = r"(?:\d{1,4}[a-z]?(?:[-‐‑.]\d{1,4})?|[IVXLC]{1,8})"
_WESTERN_ARTICLE = re.compile(
    rf"(?:Article|ARTICLE|Art\.)\s{_ROMAN_OR_DIGITS}\b[.:)]?(?=$|\s+(?:[^a-z\s]|$)|\s*[–—-]\s)"
)
_WESTERN_SECTION = re.compile(
    rf"(?:(?:Section|SECTION|Sec\.|SEC\.)\s|§{{1,2}}\s?){_ROMAN_OR_DIGITS}\b[.:)]?(?=$|\s+(?!Abs)(?:[^a-z\s]|$)|\s*[–—-]\s)"
)
_WESTERN_DIVISION = re.compile(
    r"(?P<unit>PART|Part|BOOK|Book|TITLE|Title|DIVISION|Division|SUBPART|Subpart|CHAPTER|Chapter|SUBCHAPTER|Subchapter)\s"
    r"(?:\d{1,3}[A-Z]?|[IVXLC]{1,8}|[A-Z])\b(?=$|[\s.:–—-])"
)
_WESTERN_LEVELS = {
    "book": _PART, "part": _PART, "title": _PART, "division": _PART, "subpart": _SUBPART,
    "chapter": _CHAPTER, "subchapter": _SECTION,
}  # fmt: skip
_BARE = re.compile(
    rf"(?:(?i:article|section|part|book|title|division|subpart|chapter|subchapter)|§)\s?{_ROMAN_OR_DIGITS}\.?"
)
_IN_FORCE = re.compile(r"自\s?((?:19|20)\d\d)\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日起(?:施行|实施|生效)")
# What stands below a law's name: (2020年5月28日 … 通过).
_MADE_WHEN = re.compile(r"\s*[（(]\s*(?:19|20)\d\d\s?年[^（）()]*[）)]\s*$")
_LAW_NAME = re.compile(
    r".{2,60}(?:法|法典|条例|规定|办法|细则|决定|解释|规则|宪法|Act|Code|Law|Regulations?|Directive|Constitution)"
    r"(?:[（(].{1,40}[）)])?"
)
_SPACE = re.compile(r"\s+")
_READ_BLOCKS = frozenset((BlockKind.PARAGRAPH, BlockKind.HEADING))


@dataclass(frozen=True, slots=True)
class _Mark:
    """Characters of the text that name a division or an article."""

    start: int
    end: int
    level: int


def with_articles(parsed: ParsedPaper) -> ParsedPaper:
    """Return a statute with a heading for each division and article; anything else as it is."""
    found = replace(parsed, blocks=tuple(_without_front(parsed)))
    marks = _western_levels(list(_marks(found)))
    if not any(mark.level == _ARTICLE for mark in marks):
        return parsed
    blocks = list(_with_names(found, list(_blocks(found, marks))))
    levels = {level: depth for depth, level in enumerate(sorted({0} | {block.level for block in blocks}))}
    leveled = tuple(replace(block, level=levels[block.level]) for block in blocks)
    return replace(found, blocks=leveled, metadata=_said(found, marks[0].start))


def _without_front(parsed: ParsedPaper) -> Iterator[Block]:
    """Yield the blocks; of front matter a law has its title, and no authors."""
    title = "".join(parsed.metadata.title.split())
    for block in parsed.blocks:
        is_title = "".join(parsed.block_text(block).split()) == title
        is_text = block.kind is BlockKind.FRONT and not is_title
        yield replace(block, kind=BlockKind.PARAGRAPH) if is_text else block


def _marks(parsed: ParsedPaper) -> Iterator[_Mark]:
    """Yield the marks of a text in order; Western sections have the level of what they may be below."""
    last = 0
    for block in parsed.blocks:
        if block.kind not in _READ_BLOCKS:
            continue
        for mark in _in_block(parsed.text, block, last):
            yield mark
            if mark.level == _ARTICLE and (found := _ARTICLE_MARK.match(parsed.text, mark.start)):
                last = whole_number(found["number"])


def _in_block(text: str, block: Block, last: int) -> Iterator[_Mark]:
    """Yield the marks of a block; ``last`` is the number of the last article before it."""
    place = block.start
    first = True
    while place < block.end:
        place = _after_space(text, place, block.end)
        mark = _chinese_mark(text, place, block, last, first) or (
            _western_mark(text, place, block) if first or text[place - 1] == "\n" else None
        )
        if mark is not None:
            yield mark
            if mark.level == _ARTICLE and (found := _ARTICLE_MARK.match(text, place)):
                last = whole_number(found["number"])
            place = mark.end
            first = mark.level != _ARTICLE  # an article may follow its chapter in one line
            if first:
                continue
        first = False
        # Past where it is, or what was looked at is found for ever.
        place = _next_place(text, place + 1 if mark is None else place, block.end)


def _after_space(text: str, place: int, end: int) -> int:
    found = _SPACE.match(text, place, end)
    return found.end() if found else place


def _next_place(text: str, place: int, end: int) -> int:
    """Return where something may begin: after a sentence's end, or at a line's beginning."""
    within = _BEGINS_WITHIN.search(text, place, end)
    line = text.find("\n", place, end)
    places = [within.end()] if within else []
    if line >= 0:
        places.append(line + 1)
    return min(places, default=end)


def _chinese_mark(text: str, place: int, block: Block, last: int, first: bool) -> _Mark | None:
    if (division := _DIVISION.match(text, place, block.end)) and (first or text[place - 1 : place] == "\n"):
        line = text.find("\n", place, block.end)
        stop = line if line >= 0 else block.end
        article = _ARTICLE_MARK.search(text, division.end(), stop)
        end = article.start() if article else stop
        name = text[place:end].rstrip()
        if len(name) <= _LONGEST_NAME and not _SENTENCE_END.search(name):
            return _Mark(place, place + len(name), _CHINESE_LEVELS[division["unit"]])
    found = _ARTICLE_MARK.match(text, place, block.end)
    if found is None:
        return None
    number = whole_number(found["number"])
    goes_on = number == last + 1 or (number == last and found["inserted"] is not None)
    apart = bool(found["gap"]) or bool(found["name"]) or found.end() == block.end
    begins = first or text[place - 1] == "\n"
    if not (goes_on or (begins and (apart or last == 0))):
        return None
    if block.kind is BlockKind.HEADING and block.end - place <= _LONGEST_NAME:
        whole = text[place : block.end]
        if not _SENTENCE_END.search(whole):
            return _Mark(place, block.end, _ARTICLE)
    return _Mark(place, found.end("name") if found["name"] else found.start("gap"), _ARTICLE)


def _western_mark(text: str, place: int, block: Block) -> _Mark | None:
    line = text.find("\n", place, block.end)
    stop = line if line >= 0 else block.end
    short = stop - place <= _LONGEST_WESTERN_NAME
    if division := _WESTERN_DIVISION.match(text, place, stop):
        named = short and not text[place:stop].endswith((".", ";"))
        return _Mark(place, stop, _WESTERN_LEVELS[division["unit"].lower()]) if named else None
    article = _WESTERN_ARTICLE.match(text, place, stop)
    section = None if article else _WESTERN_SECTION.match(text, place, stop)
    found = article or section
    if found is None:
        return None
    # A line by itself, or a whole heading, is the article's heading; otherwise its number is.
    alone = short and (line >= 0 or block.kind is BlockKind.HEADING) and not text[place:stop].endswith(";")
    return _Mark(place, stop if alone else found.end(), _ARTICLE if article else _BELOW)


def _western_levels(marks: Sequence[_Mark]) -> list[_Mark]:
    """Return the marks; sections are the articles where there are none, else above or below articles."""
    articles = sum(mark.level == _ARTICLE for mark in marks)
    sections = sum(mark.level == _BELOW for mark in marks)
    if not articles:
        level = _ARTICLE
    else:
        level = _BELOW if sections > _MOST_ARTICLES_TO_BE_BELOW * articles else _SECTION
    return [replace(mark, level=level) if mark.level == _BELOW else mark for mark in marks]


def _blocks(parsed: ParsedPaper, marks: Sequence[_Mark]) -> Iterator[Block]:
    """Yield the blocks, cut at the marks, which are headings."""
    ahead = list(reversed(marks))
    for block in parsed.blocks:
        place = block.start
        while ahead and ahead[-1].start < block.end:
            mark = ahead.pop()
            yield from _rest(parsed.text, block, place, mark.start)
            yield Block(BlockKind.HEADING, mark.start, mark.end, mark.level)
            place = mark.end
        if place == block.start:
            yield replace(block, level=min(_HIGHEST * block.level, _SECTION))
        else:
            yield from _rest(parsed.text, block, place, block.end)


def _with_names(parsed: ParsedPaper, blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks; what stands between a bare number and its text is the article's or chapter's name."""
    for i, block in enumerate(blocks):
        if 0 < i < len(blocks) - 1 and _is_name(parsed, blocks[i - 1], block, blocks[i + 1]):
            yield Block(BlockKind.HEADING, block.start, block.end, blocks[i - 1].level + 1)
        else:
            yield block


def _is_name(parsed: ParsedPaper, before: Block, block: Block, after: Block) -> bool:
    text = parsed.block_text(block)
    bare = before.kind is BlockKind.HEADING and _BARE.fullmatch(parsed.block_text(before)) is not None
    fits = len(text) <= _LONGEST_WESTERN_NAME and "\n" not in text and text[:1].isupper()
    reads_on = before.level != _ARTICLE or after.kind is not BlockKind.HEADING
    return bare and fits and text[-1:] not in ".;:," and reads_on


def _rest(text: str, block: Block, start: int, end: int) -> Iterator[Block]:
    """Yield what stands between two marks, without the white space around it."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end = start + len(piece.strip())
    if start < end:
        yield Block(BlockKind.PARAGRAPH if block.kind is BlockKind.HEADING else block.kind, start, end)


def _said(parsed: ParsedPaper, first: int) -> Metadata:
    """Return the metadata, with the law's name and the year since which it is in force."""
    metadata, evidence = replace(parsed.metadata, authors=()), dict(parsed.metadata.evidence)
    evidence.pop("authors", None)
    if not metadata.title:
        heads = (parsed.heading(block) for block in parsed.blocks if block.end <= first)
        if title := next((head for head in heads if _LAW_NAME.fullmatch(head)), ""):
            metadata, evidence["title"] = replace(metadata, title=title), Evidence(Source.PAGE, 0.6)
    if (title := _MADE_WHEN.sub("", metadata.title)) and title != metadata.title:
        metadata = replace(metadata, title=title)
    if years := _IN_FORCE.findall(parsed.text):
        metadata, evidence["year"] = replace(metadata, year=int(years[-1])), Evidence(Source.PAGE, 0.8)
    return replace(metadata, evidence=evidence)
