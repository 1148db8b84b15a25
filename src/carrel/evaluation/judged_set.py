"""Judged sets in BEIR's format: documents, queries, and which documents answer which query."""

import json
import math
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from carrel.core.evaluation_errors import NothingJudged, SetFileMissing, SetUnreadable

CORPUS = "corpus.jsonl"
QUERIES = ("queries.jsonl",)
QRELS = ("qrels.tsv", "qrels/test.tsv", "qrels/dev.tsv", "qrels/train.tsv", "qrels.txt")

Judgments = Mapping[str, Mapping[str, int]]
"""Grades by query and document; those above 0 are answers."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as the set has it. ``text`` is what follows the abstract, or all that there is."""

    id: str
    title: str = ""
    abstract: str = ""
    text: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Questions:
    """Queries by id, in the order of their file, and what answers them; every query has an answer."""

    queries: Mapping[str, str]
    judgments: Judgments
    unanswered: int = 0  # queries left out: no answer to them is known, or is there
    kinds: Mapping[str, str] = field(default_factory=dict)  # of the queries, where there are several kinds


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """A collection with questions to it."""

    name: str
    documents: tuple[Document, ...] = field(repr=False)
    questions: Questions = field(repr=False)


def read_set(folder: Path, queries: str = "", qrels: str = "", corpus: str = "") -> JudgedSet:
    """Read the set in a folder; the names are those of files in it, the usual ones by default.

    Raises:
        SetFileMissing, SetUnreadable: what is not there, and which line says nothing.
        NothingJudged: no query has an answer among the documents.
    """
    documents = tuple(read_documents(_file(folder, "corpus", corpus, (CORPUS,))))
    asked = read_queries(_file(folder, "queries", queries, QUERIES))
    judged = read_judgments(_file(folder, "qrels", qrels, QRELS))
    name = folder.resolve().name
    questions = answerable(asked, judged, {document.id for document in documents})
    if not questions.queries:
        raise NothingJudged(name=name)
    return JudgedSet(name, documents, questions)


def answerable(queries: Mapping[str, str], judgments: Judgments, there: Container[str]) -> Questions:
    """Return the queries to which an answer is there; the others tell no way of searching from another.

    Judgments of documents that are not there stay: an ideal ranking has them, as other programs count.
    """
    kept = {
        query: text
        for query, text in queries.items()
        if any(grade > 0 and document in there for document, grade in judgments.get(query, {}).items())
    }
    judged = sum(query in judgments for query in queries)
    return Questions(kept, {query: judgments[query] for query in kept}, judged - len(kept))


def read_documents(path: Path) -> Iterator[Document]:
    """Yield the documents of a file of JSON lines. Raises SetUnreadable."""
    seen: set[str] = set()
    for number, row in _rows(path):
        identity = _identity(path, number, row)
        if identity in seen:
            raise SetUnreadable(path=path, line=number, detail=f"the id {identity} stands there twice")
        seen.add(identity)
        abstract, text = _text(row, "abstract"), _text(row, "text")
        yield Document(
            id=identity,
            title=" ".join(_text(row, "title").split()),
            abstract=abstract,
            text=text.removeprefix(abstract).strip() if abstract else text,
            authors=_authors(row.get("authors")),
            year=_year(row.get("year")),
        )


def read_queries(path: Path) -> dict[str, str]:
    """Return the queries of a file of JSON lines, by id. Raises SetUnreadable, of an id there twice too."""
    queries: dict[str, str] = {}
    for number, row in _rows(path):
        identity = _identity(path, number, row)
        if identity in queries:
            raise SetUnreadable(path=path, line=number, detail=f"the id {identity} stands there twice")
        queries[identity] = _text(row, "text")
    return queries


def read_judgments(path: Path) -> dict[str, dict[str, int]]:
    """Return the grades of a table: query, document, grade with a head line, or TREC's four columns.

    Raises:
        SetUnreadable: a line has other columns, a grade that is no number, or another grade than one before.
    """
    judged: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_lines(path), start=1):
        columns = line.split("\t") if "\t" in line else line.split()
        if not line.strip() or (number == 1 and not _is_grade(columns[-1])):
            continue
        if len(columns) not in (3, 4) or not _is_grade(columns[-1]):
            raise SetUnreadable(path=path, line=number, detail="expected query, document, grade")
        query, document, grade = columns[0].strip(), columns[-2].strip(), round(float(columns[-1]))
        if judged.setdefault(query, {}).setdefault(document, grade) != grade:
            raise SetUnreadable(path=path, line=number, detail=f"{query} and {document} have two grades")
    return judged


def _is_grade(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _file(folder: Path, what: str, wanted: str, usual: Sequence[str]) -> Path:
    names = (wanted,) if wanted else usual
    for name in names:
        if (path := folder / name).is_file():
            return path
    raise SetFileMissing(folder=folder, name=wanted or what, looked_for=", ".join(names))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise SetUnreadable(path=path, line=number, detail=error.msg) from error
        if not isinstance(row, dict):
            raise SetUnreadable(path=path, line=number, detail="no JSON object")
        yield number, row


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from file
    except (OSError, UnicodeDecodeError) as error:
        raise SetUnreadable(path=path, line=1, detail=str(error)) from error


def _identity(path: Path, number: int, row: Mapping[str, object]) -> str:
    for name in ("_id", "id"):
        if isinstance(value := row.get(name), str | int) and str(value).strip():
            return str(value).strip()
    raise SetUnreadable(path=path, line=number, detail="neither _id nor id")


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""


def _authors(value: object) -> tuple[str, ...]:
    names = value.split(";") if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(name.strip() for name in names if isinstance(name, str) and name.strip())


def _year(value: object) -> int | None:
    text = str(value)[:4]
    return int(text) if text.isdigit() and len(text) == 4 else None
