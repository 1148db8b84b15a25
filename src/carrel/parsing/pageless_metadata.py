"""What a library catalogue says of a paper without pages: what the file says, else what its text shows."""

import re
from collections.abc import Sequence
from dataclasses import replace

from carrel.core.metadata import Evidence, Metadata, Source
from carrel.core.paper import BlockKind
from carrel.core.text_language import language_of, samples
from carrel.parsing.authors import authors_from_info
from carrel.parsing.identifier_forms import trimmed_doi, year_of_arxiv
from carrel.parsing.pageless import Piece

_FRONT_PIECES = 12  # title, authors, affiliations, dates, abstract: where a paper says what it is
_LONGEST_TITLE = 300
_LONGEST_NAMES = 400
_LONGEST_ABSTRACT = 6_000
_SHORTEST_ABSTRACT = 40
_MOST_KEYWORDS = 30
_ABSTRACT = re.compile(
    r"(?:abstract|summary|摘\s*要|要旨|概要|résumé|zusammenfassung|resumen)\s*(?P<mark>[.:：—–\-】\]]|$)\s*",
    re.IGNORECASE,
)
_KEYWORDS = re.compile(
    r"[【\[]?(?:key\s?words?(?: and phrases)?|index terms|关键词|关键字|關鍵詞)[】\]]?\s*(?:[.:：—–\-]|$)\s*",
    re.IGNORECASE,
)
_KEYWORD_ENDS = re.compile(r"\s*[;；,，、·•|\n]\s*")
_BYLINE = re.compile(r"(?:authors?|by|作\s*者)\s*[:：]?\s+|作\s*者\s*[:：]\s*", re.IGNORECASE)
_MARKS = re.compile(r"[\d*∗†‡§¶,;，；、\s]+")
_NARROW = str.maketrans("，；：、", ",;:,")
_DOI = re.compile(r"(?:doi\b\s*:?\s*|doi\.org/)(10\.\d{4,9}/[^\s\"<>{}|\\^\[\]`]+)", re.IGNORECASE)
_ARXIV = re.compile(
    r"arxiv(?::\s*|\.org/(?:abs|pdf)/)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})", re.IGNORECASE
)
# A line that is nothing but a date, labelled or not: 2026, March 2026, 3 March 2026, 2026-03-05, 2026年3月.
_DATED = re.compile(
    r"(?:(?:published|publication date|date|updated|发表|出版|日期)\W{1,3})?"
    r"(?:(?:\d{1,2}\.?\s+)?[A-Z][a-z]+\.?\s+(?:\d{1,2},?\s+)?)?"
    r"(?P<year>(?:19[5-9]|20\d)\d)(?:-\d\d?(?:-\d\d?)?|/\d\d?/\d\d?|年(?:\d{1,2}月)?(?:\d{1,2}日)?)?",
    re.IGNORECASE,
)

_MONTH_LIST = "january february march april may june july august september october november december"
_MONTHS = "|".join(_MONTH_LIST.split())
# The right column of a memo's head: Category: Informational   March 1997.
_MONTH_LAST = re.compile(rf".{{0,60}}\b(?:{_MONTHS}) (?P<year>(?:19[5-9]|20\d)\d)", re.IGNORECASE)


def with_metadata(pieces: Sequence[Piece], by_file: Metadata) -> tuple[tuple[Piece, ...], Metadata]:
    """Return the pieces, title and authors marked as front matter, and the metadata.

    ``by_file`` is what the file says, with its evidence; of two readings the surer one is taken.
    """
    found: list[Metadata] = []
    pieces, title = _title(pieces, by_file.title)
    found.append(title)
    pieces, authors = _authors(pieces)
    found.append(authors)
    found += [_abstract(pieces), _keywords(pieces), _identifiers(pieces), _year(pieces)]
    metadata = by_file
    for each in found:
        metadata = _surer(metadata, each)
    if metadata.year is None:
        metadata = _surer(metadata, said(Source.IDENTIFIER, 0.8, year=year_of_arxiv(metadata.arxiv_id)))
    text = "\n".join(piece.text for piece in pieces if piece.kind is not BlockKind.REFERENCE)
    if language := language_of(samples(text)):
        metadata = _surer(metadata, said(Source.TEXT, 0.9, language=language))
    return tuple(pieces), metadata


def turned(name: str) -> str:
    """Return "Given Family" for "Family, Given"."""
    family, comma, given = name.partition(",")
    is_inverted = comma and given.strip() and "," not in given
    return f"{given.strip()} {family.strip()}" if is_inverted else name.strip(" ,")


def names_in(text: str) -> tuple[str, ...]:
    """Return the names that a line consists of; none where it says something else, too."""
    text = _BYLINE.sub("", text.strip(), count=1)
    if not text or len(text) > _LONGEST_NAMES:
        return ()
    names = authors_from_info(text.translate(_NARROW))
    if any(name.isupper() and len(name.split()) > 3 for name in names):
        return ()  # a title in capitals has the shape of a name
    letters = len(_letters(_MARKS.sub("", re.sub(r"\band\b|\bund\b|\bet\b", "", text))))
    return names if letters and sum(len(_letters(name)) for name in names) >= 0.9 * letters else ()


def said(source: Source, confidence: float, **values: object) -> Metadata:
    """Return metadata of these fields, each with the same evidence; empty ones are left out of it."""
    evidence = {name: Evidence(source, confidence) for name, value in values.items() if value}
    return replace(Metadata(evidence=evidence), **{name: values[name] for name in evidence})  # type: ignore[arg-type]


def _surer(first: Metadata, second: Metadata) -> Metadata:
    """Return the first reading, with those entries of the second that are surer."""
    values = {}
    evidence = dict(first.evidence)
    for name, proof in second.evidence.items():
        if name not in evidence or evidence[name].confidence < proof.confidence:
            values[name] = getattr(second, name)
            evidence[name] = proof
    return replace(first, evidence=evidence, **values)


def _title(pieces: Sequence[Piece], typed: str) -> tuple[Sequence[Piece], Metadata]:
    """Return the pieces, the printed title marked, and what it says."""
    wanted = _letters(typed)
    for i, piece in enumerate(pieces[:_FRONT_PIECES]):
        if wanted and len(wanted) > 5 and _letters(piece.text) == wanted:
            return _marked(pieces, [i]), said(Source.PAGE, 0.9, title=_one_line(piece.text))
    fronts = [piece for piece in pieces[:_FRONT_PIECES] if piece.kind is BlockKind.FRONT]
    if fronts:  # the reader knew
        return pieces, said(Source.PAGE, 0.7, title=_one_line(fronts[0].text))
    headings = [i for i, piece in enumerate(pieces) if piece.kind is BlockKind.HEADING]
    if not headings or headings[0] > 2 or len(pieces[headings[0]].text) > _LONGEST_TITLE:
        return pieces, Metadata()
    first, level = headings[0], pieces[headings[0]].level
    if level > 2 or _ABSTRACT.fullmatch(pieces[first].text):
        return pieces, Metadata()
    peers = [i for i in headings if pieces[i].level <= level]
    if len(peers) == 1 or peers[1] <= first + 4:
        # The only heading of its rank, or one with little below it: the paper's, not a section's.
        title = _one_line(pieces[first].text)
        return _marked(pieces, [first]), said(Source.PAGE, 0.8 if len(peers) == 1 else 0.6, title=title)
    return pieces, said(Source.PAGE, 0.4, title=_one_line(pieces[first].text))


def _authors(pieces: Sequence[Piece]) -> tuple[Sequence[Piece], Metadata]:
    """Return the pieces, lines of names below the title marked, and the names."""
    names: list[str] = []
    marked: list[int] = []
    for i, piece in enumerate(pieces[:_FRONT_PIECES]):
        if piece.kind is BlockKind.HEADING or _ABSTRACT.match(piece.text):
            break
        found = _leading_names(piece.text) if piece.kind is BlockKind.PARAGRAPH and i else []
        if found:
            names += found
            marked.append(i)
        elif names or (i and _is_prose(piece.text)):
            break
    return _marked(pieces, marked), said(Source.PAGE, 0.7, authors=tuple(dict.fromkeys(names)))


def _is_prose(text: str) -> bool:
    return len(text) > _LONGEST_NAMES or text.endswith((".", "。"))


def _leading_names(text: str) -> list[str]:
    """Return the names in the lines that a piece begins with; affiliations and dates may follow them."""
    names: list[str] = []
    for line in text.split("\n"):
        found = names_in(line)
        if not found:
            break
        names += found
    return names


def _marked(pieces: Sequence[Piece], places: Sequence[int]) -> Sequence[Piece]:
    return [Piece(BlockKind.FRONT, piece.text) if i in places else piece for i, piece in enumerate(pieces)]


def _abstract(pieces: Sequence[Piece]) -> Metadata:
    """Return the abstract: below its heading, or in a paragraph that begins with the word."""
    for i, piece in enumerate(pieces[:40]):
        match = _ABSTRACT.match(piece.text)
        if match is None:
            continue
        if piece.kind is BlockKind.HEADING:
            text = "\n\n".join(_paragraphs_after(pieces, i))
        elif match["mark"] and len(piece.text) - match.end() >= _SHORTEST_ABSTRACT:
            text = piece.text[match.end() :]
        else:
            text = "\n\n".join(_paragraphs_after(pieces, i)[:1]) if match.end() == len(piece.text) else ""
        if text:
            return said(Source.PAGE, 0.9, abstract=text[:_LONGEST_ABSTRACT])
    return Metadata()


def _paragraphs_after(pieces: Sequence[Piece], heading: int) -> list[str]:
    texts: list[str] = []
    for piece in pieces[heading + 1 :]:
        if piece.kind is not BlockKind.PARAGRAPH or _KEYWORDS.match(piece.text):
            break
        texts.append(piece.text)
    return texts


def _keywords(pieces: Sequence[Piece]) -> Metadata:
    for i, piece in enumerate(pieces[:40]):
        if match := _KEYWORDS.match(piece.text):
            rest = piece.text[match.end() :] or "\n".join(_paragraphs_after(pieces, i)[:1])
            words = [word.strip(" .。") for word in _KEYWORD_ENDS.split(rest)]
            chosen = tuple(word for word in words if word and len(word) <= 80)[:_MOST_KEYWORDS]
            return said(Source.PAGE, 0.9, keywords=chosen)
    return Metadata()


def _front(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces before the first section that is not the abstract."""
    front: list[Piece] = []
    for piece in pieces[:_FRONT_PIECES]:
        named = _ABSTRACT.match(piece.text) or _KEYWORDS.match(piece.text)
        if piece.kind is BlockKind.HEADING and front and not named:
            break
        front.append(piece)
    return front


def _identifiers(pieces: Sequence[Piece]) -> Metadata:
    """Return the DOI and arXiv id that the front matter gives: its only ones, not those of a cited paper."""
    text = "\n".join(piece.text for piece in _front(pieces))
    dois = {trimmed_doi(doi) for doi in _DOI.findall(text)}
    arxiv_ids = set(_ARXIV.findall(text))
    return said(
        Source.PAGE,
        0.8,
        doi=dois.pop() if len(dois) == 1 else "",
        arxiv_id=arxiv_ids.pop() if len(arxiv_ids) == 1 else "",
    )


def _year(pieces: Sequence[Piece]) -> Metadata:
    """Return the year of a line of the front matter that is a date, or ends in one beside other columns."""
    lines = [line.strip(" .,()") for piece in _front(pieces) for line in piece.text.split("\n")]
    found = [_DATED.fullmatch(line) or _MONTH_LAST.fullmatch(line) for line in lines]
    years = [int(match["year"]) for match in found if match]
    return said(Source.PAGE, 0.5, year=max(years)) if years else Metadata()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _letters(text: str) -> str:
    """Return only a text's letters and digits, for comparing what was typed with what is shown."""
    return "".join(filter(str.isalnum, text.lower()))
