"""What counts how much, by the domains that are searched."""

from carrel.core.domains import Domain
from carrel.core.ids import KnowledgeBaseId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.search.fuse import DEFAULT_WEIGHTS
from carrel.search.weighing import weights_of


def of(*domains: Domain) -> list[KnowledgeBase]:
    return [KnowledgeBase(KnowledgeBaseId(each.value), each.value, domain=each) for each in domains]


def test_words_count_less_where_nothing_but_programs_is_searched() -> None:
    assert weights_of(of(Domain.CODE)).dense > DEFAULT_WEIGHTS.dense
    for domains in ((), (Domain.PAPERS,), (Domain.CODE, Domain.PAPERS), (Domain.STATUTES,)):
        assert weights_of(of(*domains)) == DEFAULT_WEIGHTS
