"""The structure of patents: the parts of a specification, claims and what they depend on, the first page.

Only blocks and metadata change: the text stays as it was read, to the letter.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from carrel.core.metadata import Evidence, Metadata, Source
from carrel.core.paper import Block, BlockKind, ParsedPaper

_OUTER, _INNER, _CLAIM = 1, 2, 3  # levels: claims and description; parts of the description; a claim
_OUTER_NAMES = (
    r"权利要求书?|權利要求書?|申請專利範圍|说明书(?:摘要|附图)?|說明書|(?:说明书)?摘\s?要|"
    r"(?:What|WHAT) (?:is|IS) (?:claimed|CLAIMED)(?: (?:is|IS))?|(?:I|We|WE)(?:/We|/WE)? (?:claim|CLAIM)|"
    r"(?:The|THE) (?:invention|INVENTION) (?:claimed|CLAIMED) (?:is|IS)|(?i:(?:patent )?claims?|description|"
    r"specification|abstract(?: of the (?:disclosure|invention))?)"
)
_INNER_NAMES = (
    r"(?:所属)?技术领域|背景技术|(?:发明|实用新型|本发明的?)内容|附图(?:的?简要)?说明|具体实施(?:方式|例)|"
    r"实施例\s?\d*|(?i:(?:technical )?field(?: of (?:the )?(?:invention|disclosure|art))?|"
    r"background(?: of (?:the )?invention| art)?|related art|disclosure of (?:the )?invention|"
    r"(?:brief )?summary(?: of (?:the )?(?:invention|disclosure))?|"
    r"brief description of (?:the )?(?:several views of the )?drawings?|detailed description|"
    r"(?:detailed )?description of (?:the )?(?:invention|(?:preferred |exemplary )?embodiments?)|"
    r"modes? for carrying out the invention|industrial applicability|examples?(?: \d+)?|"
    r"cross[- ]references? to related (?:patent )?applications?)"
)
_NUMBERED_ON = r"(?:[【\[]\s?)?(?:\[?\d{4}\]?\s+)?"
_ENDS = r"(?:\s?[】\]])?\s*[:：]?"
_OUTER_HEADING = re.compile(rf"{_NUMBERED_ON}(?:{_OUTER_NAMES}){_ENDS}")
_INNER_HEADING = re.compile(rf"{_NUMBERED_ON}(?:{_INNER_NAMES}){_ENDS}")
_CLAIMS = re.compile(r"claim|权利要求|權利要求|專利範圍", re.IGNORECASE)
_CLAIM_START = re.compile(r"(?P<number>\d{1,3})\s?[.．、)](?!\d)\s*(?=\S)")
_WITHIN = re.compile(r"(?:\n\s*|(?<=[.;。；])\s*)(?=\d{1,3}\s?[.．、)]\s*[A-Z\u4e00-\u9fff])")
_DEPENDS = re.compile(
    r"(?:权利要求|權利要求|請求項)\s?(?P<zh>\d{1,3})|\bclaims?\s(?P<en>\d{1,3})\b", re.IGNORECASE
)
_DEPENDS_WITHIN = 250  # characters of a claim: what it depends on stands in its first words
_UNMISTAKABLE = re.compile(r"其特征在于|其特徵在於|\bcompris(?:ing|es)\b|\bwherein\b|\bconsisting of\b")
_LONGEST_HEADING = 80

# WIPO ST.9: two digits in brackets say what stands behind them.
_CODED = re.compile(r"[(（\[](?P<code>\d\d)[)）\]]\s*")
_LABEL = re.compile(
    r"(?:发明名称|实用新型名称|发明人|设计人|申请人|专利权人|申请(?:专利权)?人|摘\s?要|公布日|公开日|授权公告日|申请公布日|"
    r"Title(?: of (?:the )?invention)?|Inventors?|Applicants?|Assignees?|Proprietors?|Abstract|"
    r"(?:Date of Patent|Pub(?:lication)?\.? Date|Date of publication)[^:：\d]{0,60})\s*[:：]?\s*",
    re.IGNORECASE,
)
_FEWEST_CODES = 2  # one alone may be a number in brackets
_FIRST_PAGE = 6000  # characters
_LONGEST_VALUE = 400
_LONGEST_ABSTRACT = 4000
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_BETWEEN_NAMES = re.compile(r"\s*[;；、\n]\s*|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")
_PLACE = re.compile(r"\s*(?:\([A-Z]{2}\)|,\s[^,()]+,\s[A-Z]{2}\s\([A-Z]{2}\)).*")


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where a heading or a claim begins; a heading ends at ``end``, a claim has a ``number``."""

    start: int
    end: int
    level: int
    number: int = 0


@dataclass(slots=True)
class _Walk:
    """What is known while blocks are looked at in order."""

    claims: bool = False  # whether those below a heading of claims are being read
    last: int = 0  # number of the last claim
    marks: list[_Mark] = field(default_factory=list)


def with_claims(parsed: ParsedPaper) -> ParsedPaper:
    """Return a patent with a heading for each part and each claim; anything else as it is."""
    walk = _Walk()
    for i, block in enumerate(parsed.blocks):
        if block.kind not in (BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.CAPTION):
            continue
        _look_at(parsed, i, block, walk)
    first = min((mark.start for mark in walk.marks), default=_FIRST_PAGE)
    metadata = _first_page(parsed, min(first, _FIRST_PAGE))
    if not walk.marks:
        return replace(parsed, metadata=metadata)
    names = _claim_names(parsed, walk.marks)
    blocks = tuple(_blocks(parsed, walk.marks, names))
    return replace(parsed, blocks=blocks, metadata=metadata)


def _look_at(parsed: ParsedPaper, number: int, block: Block, walk: _Walk) -> None:
    text = parsed.block_text(block).strip()
    if len(text) <= _LONGEST_HEADING and (outer := _OUTER_HEADING.fullmatch(text)):
        walk.claims, walk.last = _CLAIMS.search(outer.group()) is not None, 0
        walk.marks.append(_Mark(block.start, block.end, _OUTER))
    elif len(text) <= _LONGEST_HEADING and _INNER_HEADING.fullmatch(text):
        walk.claims = False
        walk.marks.append(_Mark(block.start, block.end, _INNER))
    elif walk.claims or _begins_claims(parsed, number, text):
        if not walk.claims:
            walk.claims, walk.last = True, 0
            walk.marks.append(_Mark(block.start, block.start, _OUTER))
        for start in _claims_in(parsed.text, block, walk.last):
            walk.last += 1
            walk.marks.append(_Mark(start, start, _CLAIM, walk.last))


def _begins_claims(parsed: ParsedPaper, number: int, text: str) -> bool:
    """Whether a paragraph is the first claim of claims that stand below no heading."""
    match = _CLAIM_START.match(text)
    if match is None or match["number"] != "1" or not _UNMISTAKABLE.search(text):
        return False
    following = (parsed.block_text(block).lstrip() for block in parsed.blocks[number + 1 : number + 8])
    second = next((each for each in following if each.startswith("2")), text)
    return _DEPENDS.search(second[:_DEPENDS_WITHIN]) is not None


def _claims_in(text: str, block: Block, last: int) -> Iterator[int]:
    """Yield where claims begin in a block: their numbers follow one another."""
    places = [block.start, *(match.end() for match in _WITHIN.finditer(text, block.start, block.end))]
    for place in places:
        match = _CLAIM_START.match(text, place, block.end)
        if match is not None and int(match["number"]) == last + 1:
            last += 1
            yield place


def _claim_names(parsed: ParsedPaper, marks: Sequence[_Mark]) -> dict[int, str]:
    """Return what each claim is called by where it begins: the claims that it depends on, then itself."""
    names: dict[int, str] = {}
    chains: dict[int, str] = {}
    for mark, end in zip(marks, [*(each.start for each in marks[1:]), len(parsed.text)], strict=True):
        if mark.level == _OUTER:
            chains = {}
        if not mark.number:
            continue
        opening = parsed.text[mark.start : min(mark.start + _DEPENDS_WITHIN, end)]
        found = _DEPENDS.search(opening)
        parent = int(found["zh"] or found["en"]) if found else 0
        chinese = any("\u4e00" <= sign <= "\u9fff" for sign in opening)
        own = f"权利要求{mark.number}" if chinese else f"Claim {mark.number}"
        chains[mark.number] = f"{chains[parent]} › {own}" if parent in chains else own
        names[mark.start] = chains[mark.number]
    return names


def _blocks(parsed: ParsedPaper, marks: Sequence[_Mark], names: dict[int, str]) -> Iterator[Block]:
    ahead = list(reversed(marks))
    for block in parsed.blocks:
        here: list[_Mark] = []
        while ahead and ahead[-1].start < block.end:
            here.append(ahead.pop())
        if here and here[0].end == block.end:
            yield Block(BlockKind.HEADING, block.start, block.end, here[0].level)
            continue
        place = block.start
        for mark in here:
            yield from _piece(parsed.text, place, mark.start)
            place = mark.start
            name = names.get(mark.start, "") if mark.number else _claims_name(names, mark.start)
            yield Block(BlockKind.HEADING, place, place, mark.level, name)
        if here:
            yield from _piece(parsed.text, place, block.end)
        elif block.kind is BlockKind.HEADING:
            # A list of references or an appendix stands beside the claims, anything else within a part.
            yield replace(block, level=block.level if block.level == _OUTER else block.level + 1)
        else:
            yield block


def _claims_name(names: dict[int, str], start: int) -> str:
    return "权利要求书" if names.get(start, "").startswith("权") else "Claims"


def _piece(text: str, start: int, end: int) -> Iterator[Block]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end = start + len(piece.strip())
    if start < end:
        yield Block(BlockKind.PARAGRAPH, start, end)


def _first_page(parsed: ParsedPaper, end: int) -> Metadata:
    """Return the metadata, with what the codes of the first page say (INID, WIPO ST.9)."""
    said = _coded(parsed.text[:end])
    values: dict[str, object] = {}
    if title := said.get("54", "")[:_LONGEST_VALUE]:
        values["title"] = title.title() if title.isupper() else title
    if abstract := said.get("57", "")[:_LONGEST_ABSTRACT]:
        values["abstract"] = abstract
    inventors = said.get("72") or said.get("75") or ""
    names = [_PLACE.sub("", name).strip(" ,") for name in _BETWEEN_NAMES.split(inventors[:_LONGEST_VALUE])]
    if found := tuple(name for name in names if 1 < len(name) <= 60):
        values["authors"] = found
    if applicant := (said.get("71") or said.get("73") or "")[:200]:
        values["venue"] = _PLACE.sub("", _BETWEEN_NAMES.split(applicant)[0]).strip(" ,")
    dates = " ".join(said.get(code, "")[:80] for code in ("45", "43"))
    if years := _YEAR.findall(dates):
        values["year"] = int(years[0])
    evidence = {**parsed.metadata.evidence, **{name: Evidence(Source.PAGE, 0.85) for name in values}}
    return replace(parsed.metadata, **values, evidence=evidence)  # type: ignore[arg-type]


def _coded(text: str) -> dict[str, str]:
    """Return what stands behind each code, without its label; the first of each."""
    codes = list(_CODED.finditer(text))
    if len(codes) < _FEWEST_CODES:
        return {}
    said: dict[str, str] = {}
    for match, after in zip(codes, [*codes[1:], None], strict=True):
        value = text[match.end() : after.start() if after else match.end() + _LONGEST_ABSTRACT]
        value = _LABEL.sub("", value, count=1) if _LABEL.match(value) else value
        if match["code"] != "57":
            value = value.split("\n\n")[0]
        said.setdefault(match["code"], " ".join(value.split(" ")).strip())
    return said
