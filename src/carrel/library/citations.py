"""Papers as bibliographies cite them: their keys and kinds, and one citation to copy."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from carrel.core import titles
from carrel.core.metadata import ARXIV_DOI, Metadata
from carrel.core.ranking import PaperRecord
from carrel.library.cited_names import CitedName, cited_name, initials, is_east_asian

_PROCEEDINGS = re.compile(
    r"\b(?:proceedings|proc\.|conference|conf\.|workshop|symposium|meeting of|advances in neural"
    r"|neurips|nips|icml|iclr|cvpr|iccv|eccv|acl|emnlp|naacl|aaai|ijcai|kdd|sigir)\b|会议|论文集",
    re.IGNORECASE,
)
_ARXIV_VERSION = re.compile(r"v\d+$")
_SMALL_WORDS = re.compile(
    r"an?|the|on|of|in|for|and|to|with|from|by|at|as|is|are|be|how|why|what|der|die|das|eine?|l[ae]s?|une?|el|los"
)
_NAMED_AUTHORS = 20  # of a citation to copy; of more, the first and the last (APA, 7th edition)


class Kind(StrEnum):
    """What a paper is to a bibliography."""

    ARTICLE = "article"
    PROCEEDINGS = "proceedings"
    PREPRINT = "preprint"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Cited:
    """A paper, ready to be written in any format."""

    key: str
    kind: Kind
    title: str
    names: tuple[CitedName, ...]
    metadata: Metadata
    arxiv_id: str  # without its version; "" where it has none

    @property
    def url(self) -> str:
        """Where it is found; "" where neither a DOI nor an arXiv id says it."""
        if self.metadata.doi:
            return f"https://doi.org/{self.metadata.doi}"
        return f"https://arxiv.org/abs/{self.arxiv_id}" if self.arxiv_id else ""


def cited(records: Sequence[PaperRecord]) -> tuple[Cited, ...]:
    """Return papers as they are cited, each once. Keys are unique, and do not depend on the order."""
    once = {record.id: record for record in records}
    keys = {paper: _key(record) for paper, record in once.items()}
    uses = Counter(keys.values())
    return tuple(
        _cited(record, keys[paper] if uses[keys[paper]] == 1 else f"{keys[paper]}-{paper[:6]}")
        for paper, record in once.items()
    )


def citation(record: PaperRecord) -> str:
    """Return one paper as plain text to copy, author and year first, as APA's 7th edition has it."""
    found = _cited(record, "")
    year = f"({found.metadata.year or 'n.d.'})."
    authors = _authors(found.names)
    title = _ended(found.title)
    venue = _ended(found.metadata.venue or ("arXiv" if found.kind is Kind.PREPRINT else ""))
    begin = (
        [_ended(authors) if not authors.endswith(".") else authors, year, title] if authors else [title, year]
    )
    return " ".join(part for part in (*begin, venue, found.url) if part)


def _cited(record: PaperRecord, key: str) -> Cited:
    metadata = record.metadata
    arxiv = metadata.arxiv_id or (
        metadata.doi[len(ARXIV_DOI) :] if metadata.doi.casefold().startswith(ARXIV_DOI) else ""
    )
    return Cited(
        key=key,
        kind=_kind(metadata, arxiv),
        title=metadata.title or record.file_name,
        names=tuple(cited_name(name) for name in metadata.authors if name.strip()),
        metadata=metadata,
        arxiv_id=_ARXIV_VERSION.sub("", arxiv),
    )


def _kind(metadata: Metadata, arxiv: str) -> Kind:
    published = metadata.venue and "arxiv" not in metadata.venue.casefold()
    if published:
        return Kind.PROCEEDINGS if _PROCEEDINGS.search(metadata.venue) else Kind.ARTICLE
    if arxiv:
        return Kind.PREPRINT
    return Kind.ARTICLE if metadata.doi else Kind.OTHER


def _key(record: PaperRecord) -> str:
    """Return surname, year and the title's first word that says something, in plain letters."""
    metadata = record.metadata
    names = [cited_name(name) for name in metadata.authors[:1]]
    name = "".join(_plain(names[0].key)) if names else ""
    words = [_plain(word) for word in (metadata.title or "").split()]
    word = next((word for word in words if word and not _SMALL_WORDS.fullmatch(word)), "")
    year = str(metadata.year or "")
    if not name and not word:  # nothing of it is written in Latin letters
        return f"paper{year}-{record.id[:6]}"
    return f"{name[:30]}{year}{word[:30]}"


def _plain(text: str) -> str:
    return "".join(letter for letter in titles.folded(text) if letter.isascii() and letter.isalnum())


def _authors(names: Sequence[CitedName]) -> str:
    shown = [_author(name) for name in names]
    if all(is_east_asian(name.literal or name.family) for name in names):
        return ", ".join(shown)
    if len(shown) > _NAMED_AUTHORS:
        return ", ".join(shown[: _NAMED_AUTHORS - 1]) + f", … {shown[-1]}"
    if len(shown) > 1:
        return ", ".join(shown[:-1]) + f", & {shown[-1]}"
    return shown[0] if shown else ""


def _author(name: CitedName) -> str:
    if name.literal:
        return name.literal
    if is_east_asian(name.family):
        return name.family + name.given
    return ", ".join(filter(None, (name.family, initials(name.given), name.suffix)))


def _ended(text: str) -> str:
    return text if not text or text[-1] in ".!?。！？" else f"{text}."
