"""Judgments as two texts in the format of BEIR: queries as JSON lines, grades (qrels) as tabbed lines."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from carrel.core.ids import PaperId
from carrel.core.json_values import as_object, as_text
from carrel.core.judgment_errors import JudgmentsUnreadable
from carrel.core.judgments import GRADES, query_key

QUERIES_FILE, QRELS_FILE = "queries.jsonl", "qrels.tsv"
_HEAD = "query-id\tcorpus-id\tscore"
_A_QUERY = '{"_id": "q1", "text": "sparse attention"}'
_A_GRADE = "q1<TAB>paper<TAB>1"


@dataclass(frozen=True, slots=True)
class Graded:
    """A query, a paper's id as somebody wrote it, and a grade."""

    query: str
    paper_id: str
    grade: int


@dataclass(frozen=True, slots=True)
class Written:
    """The two texts."""

    queries: str
    qrels: str


def written(grades: Mapping[str, Mapping[PaperId, int]]) -> Written:
    """Return grades by query and paper as texts. A query's id is the same in every export."""
    queries, qrels = [], [_HEAD]
    for query, of_papers in grades.items():
        key = query_key(query)
        queries.append(json.dumps({"_id": key, "text": query}, ensure_ascii=False))
        qrels += [f"{key}\t{paper}\t{grade}" for paper, grade in of_papers.items()]
    return Written(_lines(queries), _lines(qrels))


def read(queries: str, qrels: str) -> tuple[Graded, ...]:
    """Return what the two texts say. Grades beyond ours count as the nearest of them.

    The qrels may also have the four columns of TREC. Grades of queries that are not there are left out.

    Raises:
        JudgmentsUnreadable: a line is neither.
    """
    texts = dict(_queries(queries))
    return tuple(
        Graded(texts[query], paper, min(max(grade, GRADES[0]), GRADES[-1]))
        for query, paper, grade in _qrels(qrels)
        if query in texts
    )


def _queries(text: str) -> Iterable[tuple[str, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            query = as_object(json.loads(line))
            yield as_text(query.get("_id")), as_text(query.get("text"))
        except (ValueError, RecursionError) as error:
            raise JudgmentsUnreadable(name=QUERIES_FILE, line=number, expected=_A_QUERY) from error


def _qrels(text: str) -> Iterable[tuple[str, str, int]]:
    for number, line in enumerate(text.split("\n"), 1):
        columns = line.strip("\r").split("\t") if "\t" in line else line.split()
        if not line.strip() or (number == 1 and columns[-1] == "score"):
            continue
        if len(columns) == 4:  # TREC: query, iteration, document, grade
            del columns[1]
        try:
            query, paper, grade = columns
            yield query, paper, round(float(grade))
        except (ValueError, OverflowError) as error:
            raise JudgmentsUnreadable(name=QRELS_FILE, line=number, expected=_A_GRADE) from error


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
