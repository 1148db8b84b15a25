"""What a knowledge base is of: papers, patents, statutes, code or general documents.

The domain sets what questions are asked for (``core/tasks.py`` has an instruction under its name), which
structure is read (``chunking/structured.py``), what counts as words (``core/domain_terms.py``), and what
the fields are called.
"""

from collections.abc import Mapping
from enum import StrEnum

from carrel.core.language import tr


class Domain(StrEnum):
    """What a knowledge base is of."""

    PAPERS = "papers"
    PATENTS = "patents"
    STATUTES = "statutes"
    CODE = "code"
    DOCUMENTS = "documents"

    @classmethod
    def of(cls, name: str) -> "Domain":
        """Return the domain of that name; papers for what earlier versions let be written there."""
        return cls(name) if name in tuple(cls) else cls.PAPERS

    @property
    def is_prose(self) -> bool:
        """Whether its texts are sections and paragraphs, as they were read, and nothing else."""
        return self in (Domain.PAPERS, Domain.DOCUMENTS)

    def reads_as(self, other: "Domain") -> bool:
        """Whether both make the same passages of the same files, of the same words."""
        return self is other or (self.is_prose and other.is_prose)

    @property
    def called(self) -> str:
        """What it is called, in the reader's language."""
        return {
            Domain.PAPERS: tr("Papers"),
            Domain.PATENTS: tr("Patents"),
            Domain.STATUTES: tr("Statutes"),
            Domain.CODE: tr("Program code"),
            Domain.DOCUMENTS: tr("Documents"),
        }[self]

    @property
    def sentence(self) -> str:
        """What it changes, in the reader's language."""
        return {
            Domain.PAPERS: tr("Passages are cut along sections and paragraphs."),
            Domain.PATENTS: tr("Each claim is a passage, below the claims that it depends on."),
            Domain.STATUTES: tr(
                "Each article is a passage, and is found by its number, however it is written."
            ),
            Domain.CODE: tr("Each function is a passage; names like camelCase count as their words, too."),
            Domain.DOCUMENTS: tr("As papers are read, without their fields."),
        }[self]

    @property
    def labels(self) -> Mapping[str, str]:
        """What the fields are called that mean something here, by their names in the metadata."""
        common = {"title": tr("Title"), "language": tr("Language"), "keywords": tr("Keywords")}
        return {
            Domain.PAPERS: {
                **common,
                "authors": tr("Authors"),
                "year": tr("Year"),
                "venue": tr("Venue"),
                "doi": "DOI",
                "arxiv_id": "arXiv",
            },
            Domain.PATENTS: {
                **common,
                "authors": tr("Inventors"),
                "year": tr("Year of publication"),
                "venue": tr("Applicant"),
            },
            Domain.STATUTES: {
                **common,
                "title": tr("Law"),
                "year": tr("In force since (year)"),
                "venue": tr("Made by"),
            },
            Domain.CODE: {"title": tr("File"), "keywords": tr("Programming language")},
            Domain.DOCUMENTS: {**common, "authors": tr("Authors"), "year": tr("Year")},
        }[self]
