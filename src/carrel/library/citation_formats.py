"""Cited papers as BibTeX, RIS and CSL-JSON."""

import json
import re
from collections.abc import Sequence

from carrel.core.citation_format import CitationFormat
from carrel.core.ranking import PaperRecord
from carrel.library.citations import Cited, Kind, cited
from carrel.library.cited_names import CitedName, is_east_asian

_BIBTEX_TYPES = {
    Kind.ARTICLE: "article",
    Kind.PROCEEDINGS: "inproceedings",
    Kind.PREPRINT: "misc",
    Kind.OTHER: "misc",
}
_RIS_TYPES = {Kind.ARTICLE: "JOUR", Kind.PROCEEDINGS: "CPAPER", Kind.PREPRINT: "UNPB", Kind.OTHER: "GEN"}
_CSL_TYPES = {
    Kind.ARTICLE: "article-journal",
    Kind.PROCEEDINGS: "paper-conference",
    Kind.PREPRINT: "article",
    Kind.OTHER: "document",
}
# BibTeX counts escaped braces too, so one alone would end the field: they are named instead.
_LATEX = str.maketrans(
    {
        "\\": r"{\textbackslash}",
        "{": r"{\textbraceleft}",
        "}": r"{\textbraceright}",
        "~": r"{\textasciitilde}",
        "^": r"{\textasciicircum}",
        "<": r"{\textless}",
        ">": r"{\textgreater}",
        "|": r"{\textbar}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
    }
)
_UNLIKELY_IN_A_DOI = re.compile(r"[{}\\\s]")
_LETTERS = re.compile(r"[^\W\d_]")


def exported(records: Sequence[PaperRecord], wanted: CitationFormat) -> str:
    """Return papers as a file of this format, in UTF-8; each once, in their order."""
    papers = cited(records)
    if wanted is CitationFormat.BIBTEX:
        return bibtex(papers)
    return ris(papers) if wanted is CitationFormat.RIS else csl_json(papers)


def bibtex(papers: Sequence[Cited]) -> str:
    """Return papers as BibTeX in UTF-8: LaTeX's own signs escaped, capitals that count kept by braces."""
    from bibtexparser.entrypoint import write_string
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field

    library = Library(
        [
            Entry(
                _BIBTEX_TYPES[paper.kind],
                paper.key,
                [Field(name, value) for name, value in _bibtex_fields(paper).items() if value],
            )
            for paper in papers
        ]
    )
    return str(write_string(library))


def ris(papers: Sequence[Cited]) -> str:
    """Return papers as RIS."""
    import rispy

    return str(rispy.dumps([_ris_fields(paper) for paper in papers])) if papers else ""


def csl_json(papers: Sequence[Cited]) -> str:
    """Return papers as CSL-JSON, a list."""
    return json.dumps([_csl_fields(paper) for paper in papers], ensure_ascii=False, indent=2) + "\n"


def _bibtex_fields(paper: Cited) -> dict[str, str]:
    metadata = paper.metadata
    venue = {Kind.ARTICLE: "journal", Kind.PROCEEDINGS: "booktitle"}.get(paper.kind, "howpublished")
    doi = "" if _UNLIKELY_IN_A_DOI.search(metadata.doi) else metadata.doi
    preprint = {"eprint": paper.arxiv_id, "archiveprefix": "arXiv"} if paper.arxiv_id else {}
    return {
        "title": _with_capitals(paper.title),
        "author": " and ".join(map(_bibtex_name, paper.names)),
        "year": str(metadata.year or ""),
        venue: _escaped(metadata.venue),
        "doi": doi,  # as it is: what reads it takes it literally
        **preprint,
        "keywords": _escaped(", ".join(metadata.keywords)),
        "language": metadata.language,
        "abstract": _escaped(metadata.abstract),
    }


def _bibtex_name(name: CitedName) -> str:
    if name.literal:
        return f"{{{_escaped(name.literal)}}}"
    if is_east_asian(name.family):
        return f"{{{name.family}{name.given}}}"  # styles would turn it round, and part it by a space
    return ", ".join(filter(None, map(_escaped, (name.family, name.suffix, name.given))))


def _escaped(text: str) -> str:
    return " ".join(text.split()).translate(_LATEX)


def _with_capitals(title: str) -> str:
    """Return a title in which styles that write small leave those capitals alone that belong to a word.

    In a title with a capital for every word, only words such as DNA or GPUs are kept.
    """
    words = title.split()
    letters = ["".join(_LETTERS.findall(word)) for word in words]
    inside = [any(map(str.isupper, found[1:])) for found in letters]
    plain = [found for found, has in zip(letters[1:], inside[1:], strict=True) if len(found) > 3 and not has]
    in_capitals = sum(found[0].isupper() for found in plain) * 2 > len(plain)
    kept = []
    for place, word in enumerate(words):
        name = place > 0 and not in_capitals and letters[place][:1].isupper()
        name = name and words[place - 1][-1] not in ":.?!—–"
        kept.append(f"{{{_escaped(word)}}}" if inside[place] or name else _escaped(word))
    return " ".join(kept)


def _ris_fields(paper: Cited) -> dict[str, object]:
    metadata = paper.metadata
    fields: dict[str, object] = {
        "type_of_reference": _RIS_TYPES[paper.kind],
        "id": paper.key,
        "title": " ".join(paper.title.split()),
        "authors": [_ris_name(name) for name in paper.names],
        "year": str(metadata.year or ""),
        "secondary_title": " ".join(metadata.venue.split()),
        "abstract": " ".join(metadata.abstract.split()),
        "doi": metadata.doi,
        "urls": [paper.url] if paper.url else [],
        "keywords": [" ".join(word.split()) for word in metadata.keywords],
        "language": metadata.language,
    }
    return {name: value for name, value in fields.items() if value}


def _ris_name(name: CitedName) -> str:
    if name.literal:
        return name.literal
    if is_east_asian(name.family):
        return name.family + name.given
    return ", ".join(filter(None, (name.family, name.given, name.suffix)))


def _csl_fields(paper: Cited) -> dict[str, object]:
    metadata = paper.metadata
    fields: dict[str, object] = {
        "id": paper.key,
        "type": _CSL_TYPES[paper.kind],
        "title": paper.title,
        "author": [_csl_name(name) for name in paper.names],
        "issued": {"date-parts": [[metadata.year]]} if metadata.year else None,
        "container-title": metadata.venue,
        "DOI": metadata.doi,
        "URL": paper.url,
        "number": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
        "publisher": "arXiv" if paper.kind is Kind.PREPRINT else "",
        "abstract": metadata.abstract,
        "keyword": ", ".join(metadata.keywords),
        "language": metadata.language,
    }
    return {name: value for name, value in fields.items() if value}


def _csl_name(name: CitedName) -> dict[str, str]:
    if name.literal:
        return {"literal": name.literal}
    parts = {"family": name.family, "given": name.given, "suffix": name.suffix}
    return {part: value for part, value in parts.items() if value}
