"""The references of a paper, and which papers of the library they are to: rather no link than a wrong one."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from carrel.core import titles
from carrel.core.identifiers import arxiv_ids_in, dois_in, without_version
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.paper import BlockKind, Box, ParsedPaper
from carrel.core.ranking import PaperRecord, published_first
from carrel.storage.papers import Named

_BEGINS = (15, 5)  # letters of a title by which it is looked up; of one in Chinese, fewer tell
_LETTERS_WITHOUT_AUTHOR = 40  # of a title that may stand for a paper whose authors are not known
_BEFORE = frozenset(".,:;!?\"'“”‘’«»„‚()[]{}《》〈〉「」『』，。：；、．！？（）")
_AFTER = frozenset(".,;!?\"'“”‘’«»()[]{}《》〈〉「」『』，。；、．！？（）")
_ABOUT_ANOTHER = re.compile(
    r"(?:comments? on|(?:reply|response|rejoinder) to|(?:review|discussion|retraction) of"
    r"|(?:corrections?|erratum|corrigendum)(?: to)?)\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """An entry of a paper's list of references, and the paper of the library that it is, if it is there."""

    number: int  # from 1, in the order of the list
    text: str
    page: int | None  # None in a file without pages
    boxes: tuple[Box, ...]
    doi: str
    arxiv_id: str  # without its version
    paper: PaperRecord | None = None


@dataclass(frozen=True, slots=True)
class _Title:
    letters: str
    record: PaperRecord


class Works:
    """Papers that references may be of, by what a reference says of them."""

    def __init__(self, records: Sequence[PaperRecord], here: KnowledgeBaseId) -> None:
        """Take papers that the asker may read; of several copies that in knowledge base ``here`` stands."""
        self._identified: dict[str, PaperRecord] = {}
        self._begins: dict[str, list[_Title]] = {}
        # The one to cite first; of one paper in several bases the copy here. Those that come last, stay.
        order = published_first(records)[::-1]
        for record in sorted(order, key=lambda each: each.knowledge_base_id == here):
            for identifier in _identifiers(record.metadata.doi, record.metadata.arxiv_id):
                self._identified[identifier] = record
            letters = titles.letters(record.metadata.title)
            if titles.telling(letters):
                self._begins.setdefault(_begin_of(letters), []).append(_Title(letters, record))

    def cited_in(self, text: str) -> PaperRecord | None:
        """Return the paper that a reference is to, or None.

        By DOI or arXiv id; else by its whole title, set off from what stands around it, together with one of
        its authors' family names.
        """
        for identifier in (*dois_in(text), *arxiv_ids_in(text)):
            if identifier in self._identified:
                return self._identified[identifier]
        return self._by_title(text)

    def _by_title(self, text: str) -> PaperRecord | None:
        letters, places = _letters_and_places(text)
        best: _Title | None = None
        begins = ((at, letters[at : at + length]) for at in range(len(letters)) for length in _BEGINS)
        for at, begin in begins:
            for title in self._begins.get(begin, ()):
                if not letters.startswith(title.letters, at):
                    continue
                if best is not None and len(title.letters) < len(best.letters):
                    continue
                first, past = places[at], places[at + len(title.letters) - 1] + 1
                if _set_off(text, first, past) and _by_its_authors(title, text, first, past):
                    best = title
        return None if best is None else best.record


def references_of(parsed: ParsedPaper) -> tuple[Reference, ...]:
    """Return the entries of a paper's list of references; none where no list was recognised."""
    found: list[Reference] = []
    for block in parsed.blocks:
        if block.kind is BlockKind.REFERENCE and (text := " ".join(parsed.block_text(block).split())):
            pages = parsed.words.pages(block.start, block.end)
            identifiers = [*dois_in(text), *arxiv_ids_in(text)]
            found.append(
                Reference(
                    number=len(found) + 1,
                    text=text,
                    page=min(pages) if pages else None,
                    boxes=parsed.words.boxes(block.start, block.end),
                    doi=_first(identifiers, "doi:"),
                    arxiv_id=_first(identifiers, "arxiv:"),
                )
            )
    return tuple(found)


def likely(references: Sequence[Reference], names: Iterable[Named]) -> list[PaperId]:
    """Return the papers whose identifiers or titles occur in references: those worth a closer look."""
    identifiers = {each for found in references for each in (*dois_in(found.text), *arxiv_ids_in(found.text))}
    letters = "\n".join(titles.letters(found.text) for found in references)
    return sorted(
        {
            name.id
            for name in names
            if not identifiers.isdisjoint(_identifiers(name.doi, name.arxiv_id))
            or (titles.telling(found := titles.letters(name.title)) and found in letters)
        }
    )


def linked(
    references: Sequence[Reference], citing: PaperId, here: KnowledgeBaseId, records: Sequence[PaperRecord]
) -> tuple[Reference, ...]:
    """Return references with the papers that they are to, among papers that the asker may read.

    Args:
        references: of the paper ``citing``, which is never linked to itself.
        citing: the paper that has them.
        here: its knowledge base.
        records: every paper that may be linked to.
    """
    works = Works([record for record in records if record.id != citing], here)
    return tuple(
        Reference(
            each.number, each.text, each.page, each.boxes, each.doi, each.arxiv_id, works.cited_in(each.text)
        )
        for each in references
    )


def _begin_of(letters: str) -> str:
    return letters[: next(length for length in _BEGINS if len(letters) >= length)]


def _identifiers(doi: str, arxiv_id: str) -> list[str]:
    arxiv = without_version(arxiv_id.casefold())
    return [*dois_in(doi), *([f"arxiv:{arxiv}"] if arxiv else [])]


def _first(identifiers: Sequence[str], kind: str) -> str:
    return next((each.removeprefix(kind) for each in identifiers if each.startswith(kind)), "")


def _letters_and_places(text: str) -> tuple[str, list[int]]:
    """Return a text's letters and digits as titles are compared, and where in the text each stands."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for letter in titles.letters(character):
            letters.append(letter)
            places.append(place)
    return "".join(letters), places


def _set_off(text: str, first: int, past: int) -> bool:
    """Whether what stands in these characters begins and ends there, as a title does, and is meant itself."""
    before, after = text[:first].rstrip(), text[past:].lstrip()
    if _ABOUT_ANOTHER.search(before):
        return False
    return (not before or before[-1] in _BEFORE) and (not after or after[0] in _AFTER)


def _by_its_authors(title: _Title, text: str, first: int, past: int) -> bool:
    """Whether one of the paper's authors stands beside its title in a reference."""
    names = [_surname(name) for name in title.record.metadata.authors]
    if not any(names):
        return len(title.letters) >= _LETTERS_WITHOUT_AUTHOR
    around = f"{text[:first]} {text[past:]}"
    words = set(re.findall(r"[^\W\d_]+", titles.folded(around)))
    letters = titles.letters(text[:first])
    return any(name in words or (not name.isascii() and name in letters) for name in names if name)


def _surname(name: str) -> str:
    """Return a family name, folded; a name in Chinese characters whole."""
    before, comma, _ = name.partition(",")
    words = [str(word) for word in re.findall(r"[^\W\d_]+", titles.folded(before)) if len(word) > 1]
    return "".join(words) if words and not words[-1].isascii() and not comma else (words[-1] if words else "")
