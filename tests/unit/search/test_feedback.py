"""A question drawn towards the best papers: by how much, and which questions are left as they are."""

import numpy as np
import pytest

from carrel.core.domains import Domain
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ranking import FusedPaper, Mode, Query
from carrel.core.space import Vectors
from carrel.search.feedback import moved, says_more
from carrel.search.understand import read


def paper(quotation: float = 0.0) -> FusedPaper:
    return FusedPaper(PaperId("p"), 0.5, (), (), quotation)


def unit(*values: float) -> Vectors:
    vector: Vectors = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def test_a_question_moves_a_little_way_towards_what_is_near() -> None:
    question, near = unit(1, 0, 0), [unit(1, 1, 0), unit(1, 0, 1)]
    vector = moved(question, near)
    assert np.linalg.norm(vector) == pytest.approx(1)
    middle = unit(*np.mean(near, axis=0))
    assert question @ middle < vector @ middle < 1
    assert vector @ question > 0.95  # it still asks what was asked


def test_what_stands_where_the_question_does_moves_nothing() -> None:
    question = unit(3, 4, 0)
    assert moved(question, [question, question]) == pytest.approx(question)


@pytest.mark.parametrize(
    ("query", "fused", "says"),
    [
        (Query("why do corals bleach"), (paper(),), True),
        (Query("why do corals bleach"), (), False),
        (Query("why do corals bleach", mode=Mode.DENSE), (paper(),), False),
        (Query("why do corals bleach", liked=(PaperId("q"),)), (paper(),), False),
        (Query("corals -bleach"), (paper(),), False),
        (Query("the very words of a paper"), (paper(quotation=0.4),), False),
        (Query("why do corals bleach " * 20), (paper(),), False),
    ],
)
def test_who_knows_what_is_meant_needs_no_help(
    query: Query, fused: tuple[FusedPaper, ...], says: bool
) -> None:
    assert says_more(read(query.text), query, fused, []) is says


def test_programs_alone_say_no_more_of_a_question() -> None:
    code, papers = (
        KnowledgeBase(KnowledgeBaseId(domain), domain, domain=domain)
        for domain in (Domain.CODE, Domain.PAPERS)
    )
    query = Query("why do corals bleach")
    assert not says_more(read(query.text), query, (paper(),), [code])
    assert says_more(read(query.text), query, (paper(),), [code, papers])
