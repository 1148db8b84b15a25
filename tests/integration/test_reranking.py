"""Reranking in the query's journey, with fakes and with the real index: order, falling back, quotations."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from carrel.bootstrap import open_services
from carrel.core.engine_errors import (
    EndpointUnavailable,
    EngineNotInstalled,
    GgufNotHere,
    GgufUnusable,
    NoRerankerConfigured,
)
from carrel.core.errors import CarrelError, InvalidSetting
from carrel.core.language import use_language
from carrel.core.ports import Reranked as Answered
from carrel.core.ports import Reranker
from carrel.core.ranking import Mode, Query, Reranking, SearchResult
from carrel.engines.rerankers import load_reranker
from tests.fakes.embedding_server import Reply, error_reply, serving
from tests.fakes.rerank_server import RerankServerFake
from tests.fakes.reranker import FakeReranker
from tests.integration.worlds import (
    World,
    fake_paper,
    settings_in,
    title_of,
    world_of_fakes,
    world_with_real_index,
)
from tests.unit.engines.rerankers import reranker_on

TITLES = (
    "Sparse attention for long documents",
    "Dense retrieval of passages",
    "Protein folding by potentials",
    "Coral reefs and temperature",
)


@dataclass
class Reranked:
    """A world whose searches are reranked."""

    world: World
    reranker: FakeReranker

    def search(self, text: str, *kbs: str, reranker: Reranker | None = None, **more: object) -> SearchResult:
        candidates = int(str(more.pop("candidates", 50)))
        services = self.world.services
        services.indexes.acquire("a test", 0)
        settings = replace(services.settings, reranker="fake", reranker_candidates=candidates)
        found = replace(services, settings=settings, reranker=lambda: reranker or self.reranker)
        return found.search(replace(Query(text, kbs, rerank=True), **more))  # type: ignore[arg-type]


@pytest.fixture(params=[world_of_fakes, world_with_real_index], ids=["fakes", "real index"])
def reranked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reranked]:
    make: Callable[[Path], AbstractContextManager[World]] = request.param
    with make(tmp_path) as world:
        yield Reranked(world, FakeReranker())


class Backwards(FakeReranker):
    """Likes best what fusion likes least."""

    def rerank(self, query: str, documents: Sequence[str], instruction: str = "") -> Answered:
        said = super().rerank(query, documents, instruction)
        said.scores[:] = range(len(said.scores))
        return said


def titles(result: SearchResult) -> list[str]:
    return [title_of(hit) for hit in result.hits]


def check_sound(result: SearchResult) -> None:
    """Check that ranks count and that scores never rise."""
    assert [hit.rank for hit in result.hits] == list(range(1, len(result.hits) + 1))
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    for hit in result.hits:
        of_passages = [found.score for found in hit.passages]
        assert of_passages == sorted(of_passages, reverse=True)


@pytest.mark.parametrize("mode", Mode)
def test_the_order_is_the_rerankers_in_every_mode(reranked: Reranked, mode: Mode) -> None:
    reranked.world.add(*TITLES)
    plain = reranked.world.search("paper about attention", mode=mode)
    result = reranked.search("paper about attention", mode=mode, reranker=Backwards())
    assert len(result.hits) >= 2
    assert titles(result) == titles(plain)[::-1]
    assert result.reranking == Reranking("fake-shared-words", True, len(result.hits), "")
    assert [hit.score for hit in result.hits] == [hit.score for hit in plain.hits]
    assert all(hit.rerank_score is not None for hit in result.hits)
    assert result.took_ms.rerank > 0
    assert plain.reranking is None
    check_sound(result)


def test_the_reranker_reads_passages_with_title_and_section(reranked: Reranked) -> None:
    reranked.world.add(TITLES[0])
    reranked.search("attention", instruction="evidence")
    ((query, documents, instruction),) = reranked.reranker.asked
    assert (query, instruction) == ("attention", "evidence")
    assert documents[0].startswith("Sparse attention for long documents\n")
    assert any("Introduction\nThis paper is about sparse attention" in document for document in documents)


def test_a_paper_without_a_passage_among_the_candidates_is_read_too(reranked: Reranked) -> None:
    world = reranked.world
    world.accept_bytes(
        "x.pdf", fake_paper("Attention", "Nothing of that here.", abstract="On attention."), "library"
    )
    world.work()
    result = reranked.search("attention", mode=Mode.LEXICAL)
    assert titles(result) == ["x"]
    assert result.hits[0].rerank_score == 1.0


def test_only_the_best_are_read_and_the_others_stay_behind(reranked: Reranked) -> None:
    reranked.world.add(*TITLES)
    plain = titles(reranked.world.search("paper about attention"))
    result = reranked.search("paper about attention", reranker=Backwards(), candidates=2)
    assert titles(result) == [plain[1], plain[0], *plain[2:]]
    assert result.reranking is not None
    assert result.reranking.candidates == 2
    assert [hit.rerank_score is None for hit in result.hits] == [False, False, True, True]
    check_sound(result)


def test_the_limit_counts_after_reranking(reranked: Reranked) -> None:
    reranked.world.add(*TITLES)
    plain = titles(reranked.world.search("paper about attention"))
    result = reranked.search("paper about attention", reranker=Backwards(), limit=1)
    assert titles(result) == [plain[-1]]


def test_several_knowledge_bases_are_read_in_one_call(reranked: Reranked) -> None:
    world = reranked.world
    for number, title in enumerate(TITLES):
        world.add(title, kb=("one", "two")[number % 2])
    world.add(TITLES[0], kb="two")  # in both: read once
    result = reranked.search("sparse attention documents", "one", "two")
    assert len(reranked.reranker.asked) == 1
    assert result.reranking is not None
    assert result.reranking.candidates == len(set(titles(result))) == 4
    assert titles(result)[0] == TITLES[0]
    _, documents, _ = reranked.reranker.asked[0]
    assert len(set(documents)) == len(documents)
    reranked.search("sparse attention documents", "two")
    assert not any(TITLES[2] in document for document in reranked.reranker.asked[-1][1])


def test_a_quoted_passage_stays_first_whatever_the_reranker_says(reranked: Reranked) -> None:
    world = reranked.world
    sentence = "the quick measurements of slow corals were repeated nine times in warm water"
    world.accept("Corals", f"It began long ago. {sentence.capitalize()}. It ended well.")
    world.work()
    world.add(*TITLES)
    plain = reranked.world.search(sentence)
    assert titles(plain)[0] == "Corals"
    assert plain.hits[0].quotation > 0
    result = reranked.search(sentence, reranker=Backwards())
    assert titles(result)[0] == "Corals"
    assert "measurements" in result.hits[0].passages[0].passage.text
    assert titles(result)[1:] == titles(plain)[1:][::-1]
    check_sound(result)


def test_a_reranker_that_fails_changes_nothing_and_the_answer_says_so(reranked: Reranked) -> None:
    reranked.world.add(*TITLES)
    plain = reranked.world.search("paper about attention")
    reranked.reranker.failing = EndpointUnavailable(endpoint="http://x/v1", detail="gone", setting="CARREL_X")
    result = reranked.search("paper about attention")
    assert titles(result) == titles(plain)
    assert [hit.rerank_score for hit in result.hits] == [None] * 4
    assert result.reranking is not None
    assert (result.reranking.applied, result.reranking.candidates) == (False, 4)
    assert "gone" in result.reranking.reason


def test_a_reranker_that_fails_later_keeps_the_order_of_what_it_has_read(tmp_path: Path) -> None:
    class Tiring(Backwards):
        def rerank(self, query: str, documents: Sequence[str], instruction: str = "") -> Answered:
            said = super().rerank(query, documents, instruction)
            self.failing = EndpointUnavailable(endpoint="http://x/v1", detail="gone", setting="CARREL_X")
            return said

    with world_of_fakes(tmp_path) as world:
        world.add(*(f"Attention number {number}" for number in range(11)))
        plain = titles(world.search("paper about attention", limit=20))
        result = Reranked(world, FakeReranker()).search("paper about attention", reranker=Tiring(), limit=20)
    assert titles(result) == plain[:8][::-1] + plain[8:]
    assert result.reranking is not None
    assert (result.reranking.applied, result.reranking.candidates) == (True, 8)
    assert "gone" in result.reranking.reason
    check_sound(result)


@pytest.mark.parametrize(
    "failing",
    [
        EngineNotInstalled(engine="xllamacpp", extra="gguf"),
        GgufUnusable(path="x.gguf", detail="damaged"),
        GgufNotHere(name="A/B-GGUF"),
    ],
)
def test_an_engine_that_cannot_run_changes_nothing_either(reranked: Reranked, failing: CarrelError) -> None:
    reranked.world.add(*TITLES)
    reranked.reranker.failing = failing
    result = reranked.search("paper about attention")
    assert result.reranking is not None
    assert not result.reranking.applied
    assert result.reranking.reason == failing.message


@pytest.mark.parametrize("name", ["gone.gguf", "Qwen/Qwen3-Reranker-0.6B-GGUF"])
def test_a_reranker_that_cannot_be_made_is_said_in_the_answer(tmp_path: Path, name: str) -> None:
    with world_of_fakes(tmp_path) as world:
        world.add(*TITLES)
        settings = replace(settings_in(tmp_path), reranker=name, cache=tmp_path / "cache")
        made = replace(world.services, settings=settings, reranker=lambda: load_reranker(settings))
        result = made.search(Query("paper about attention", rerank=True))
    assert len(result.hits) == len(TITLES)
    assert result.reranking is not None
    assert (result.reranking.model, result.reranking.applied) == (name, False)
    assert name in result.reranking.reason


def test_a_setting_that_makes_no_sense_stays_an_error(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        settings = replace(settings_in(tmp_path), reranker="m", reranker_url="ftp://host")
        made = replace(world.services, settings=settings, reranker=lambda: load_reranker(settings))
        with pytest.raises(InvalidSetting):
            made.search(Query("paper about attention", rerank=True))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_reranker_that_takes_too_long_is_left(reranked: Reranked, language: str) -> None:
    reranked.world.add(*TITLES)
    plain = titles(reranked.world.search("paper about attention"))
    server = RerankServerFake()
    server.script = [error_reply("overloaded", 429, Retry_After="60")] * 9
    use_language(language)
    try:
        with reranker_on(server, reranker_seconds=0.2) as slow:
            result = reranked.search("paper about attention", reranker=slow)
    finally:
        use_language("en")
    assert titles(result) == plain
    assert result.reranking is not None
    assert not result.reranking.applied
    assert ("无法" in result.reranking.reason) is (language == "zh")
    assert result.took_ms.rerank < 5000


def test_an_http_reranker_reorders_and_shows_what_it_sent(reranked: Reranked) -> None:
    reranked.world.add(*TITLES)
    with reranker_on(RerankServerFake("texts")) as reranker:
        result = reranked.search("coral temperature", reranker=reranker)
    assert titles(result)[0] == TITLES[3]
    assert [exchange.status for exchange in result.exchanges] == [200]
    assert result.exchanges[0].url.endswith("/rerank")


def test_nothing_found_asks_nobody(reranked: Reranked) -> None:
    result = reranked.search("attention")
    assert result.hits == ()
    assert result.reranking is not None
    assert not result.reranking.applied
    assert result.reranking.reason
    assert reranked.reranker.asked == []


def test_without_a_reranker_it_is_an_error_to_want_one(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world, pytest.raises(NoRerankerConfigured):
        world.services.search(Query("attention", rerank=True))


def test_the_services_open_it_when_it_is_first_used_and_close_it(tmp_path: Path) -> None:
    server = RerankServerFake()
    with serving(server) as url:
        settings = replace(settings_in(tmp_path), reranker=server.model, reranker_url=url)
        services = open_services(settings, print)
        assert server.asked == []
        reranker = services.reranker()
        assert reranker is not None
        assert services.reranker() is reranker
        assert reranker.rerank("a", ["a"]).scores.tolist() == [1.0]
        services.close()
        server.script = [Reply()]
        with pytest.raises(EndpointUnavailable):
            reranker.rerank("a", ["a"])
