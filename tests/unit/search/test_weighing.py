"""What counts how much, by the domains that are searched."""

from carrel.core.calibration import Calibration
from carrel.core.domains import Domain
from carrel.core.ids import KnowledgeBaseId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.search.fuse import DEFAULT_WEIGHTS
from carrel.search.weighing import weights_of


def of(*domains: Domain) -> list[KnowledgeBase]:
    return [KnowledgeBase(KnowledgeBaseId(each.value), each.value, domain=each) for each in domains]


def calibrated(share: float | None, papers: int, domain: Domain = Domain.PAPERS) -> KnowledgeBase:
    found = None if share is None else Calibration(share, 0.8, 200, 0, papers, 0, "")
    return KnowledgeBase(KnowledgeBaseId("x"), "x", domain=domain, papers=papers, calibration=found)


def test_what_was_found_out_counts_by_papers() -> None:
    assert weights_of([calibrated(0.6, 10)]).dense == 0.6
    assert weights_of([calibrated(0.6, 300), calibrated(0.9, 100)]).dense == 0.675
    assert weights_of([calibrated(0.6, 300), calibrated(None, 100)]).dense == 0.65
    assert weights_of([calibrated(0.7, 3), calibrated(None, 0, Domain.CODE)]).paper == DEFAULT_WEIGHTS.paper


def test_words_count_less_where_nothing_but_programs_is_searched() -> None:
    assert weights_of(of(Domain.CODE)).dense > DEFAULT_WEIGHTS.dense
    for domains in ((), (Domain.PAPERS,), (Domain.CODE, Domain.PAPERS), (Domain.STATUTES,)):
        assert weights_of(of(*domains)) == DEFAULT_WEIGHTS
