"""Searches beside a model's server that hangs, and how many there may be."""

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carrel.api.rest.model_turns import ModelTurns
from carrel.api.rest.searching import Overtaken, Searches
from carrel.core.accounts import Caller
from carrel.core.engine_errors import EndpointUnavailable, ModelSilent
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Index
from carrel.core.ranking import Mode, Query
from carrel.core.rest_errors import TooBusy
from tests.integration.worlds import WIDE_MODEL
from tests.unit.api.gateways import PATIENCE, until
from tests.unit.api.rest.lab import API, Lab, lab


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as opened:
        yield opened


def two_bases(opened: Lab) -> tuple[str, str]:
    """Make two filled knowledge bases of the owner, the second with the model ``wide``."""
    caller = opened.sign_in.keys["owner"]
    usual = opened.world.services.shelves.of(caller).create("usual")
    wide = opened.world.services.shelves.of(caller).create("wide", embedder=WIDE_MODEL)
    opened.world.accept("Whales", kb=usual.id)
    opened.world.accept("Bees", kb=wide.id)
    opened.world.work()
    return usual.id, wide.id


def search(opened: Lab, *bases: str, mode: str = "hybrid", who: str = "owner") -> tuple[int, dict[str, Any]]:
    wanted = {"query": "whales and bees", "knowledge_bases": list(bases), "mode": mode}
    answer = opened.client.post(f"{API}/search", json=wanted, headers=opened.as_(who))
    return answer.status_code, answer.json()


def test_a_model_that_hangs_keeps_nobody_else(opened: Lab) -> None:
    usual, wide = two_bases(opened)
    go_on, asked = threading.Event(), []

    def hangs(text: str) -> None:
        asked.append(text)
        assert go_on.wait(PATIENCE)

    opened.world.wide.asked = hangs
    with ThreadPoolExecutor(50) as pool:
        waiting = [pool.submit(search, opened, wide) for _ in range(50)]  # more than the routes' threads
        try:
            until(lambda: len(asked) == 4)
            assert search(opened, usual)[0] == 200
            assert search(opened, wide, mode="lexical")[0] == 200
            assert opened.client.get(f"{API}/knowledge-bases", headers=opened.as_("owner")).status_code == 200
        finally:
            go_on.set()
    assert {each.result()[0] for each in waiting} == {200}


def test_a_model_that_must_be_asked_how_wide_it_is_keeps_nobody_else(opened: Lab) -> None:
    usual, wide = two_bases(opened)
    services, go_on, asked = opened.world.services, threading.Event(), []

    def index_of(base: KnowledgeBase) -> Index:
        if base.id == wide:
            asked.append(base.id)
            assert go_on.wait(PATIENCE)
        return services.index_of(base)

    hanging = replace(services, index_of=index_of)
    searches = Searches(hanging, at_once=1, turns=ModelTurns(at_once=1, patience_seconds=0.05))
    owner = opened.sign_in.keys["owner"]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(searches.run, Query("whales", (wide,), Mode.LEXICAL), owner)
        until(lambda: bool(asked))
        with pytest.raises(ModelSilent):
            searches.run(Query("whales", (wide,), Mode.LEXICAL), owner)
        assert searches.run(Query("whales", (usual,)), owner).hits
        go_on.set()
        assert first.result(PATIENCE).hits == ()
    searches.close()


def test_a_model_that_is_away_leaves_its_knowledge_base_to_words(opened: Lab) -> None:
    usual, wide = two_bases(opened)
    opened.world.wide.gone = EndpointUnavailable(endpoint="http://secret:1", detail="away", setting="")
    for mode, searched, count in (("hybrid", "words", 2), ("dense", "nothing", 1)):
        status, found = search(opened, mode=mode)
        assert status == 200
        assert len(found["results"]) == count
        (left_out,) = found["left_out"]
        assert "away" in left_out.pop("reason")
        assert "An administrator can see to the model's server" in left_out.pop("hint")
        assert left_out == {"knowledge_base": wide, "name": "wide", "searched": searched}
        assert "secret" not in str(found)
    assert "left_out" not in search(opened, mode="lexical")[1]
    assert "left_out" not in search(opened, usual)[1]
    assert search(opened, wide)[0] == 503  # nothing is left to answer with
    assert opened.client.get("/readyz").json()["embedder"] == "unavailable"


def test_an_index_of_an_older_analyser_is_left_out(opened: Lab) -> None:
    _, wide = two_bases(opened)
    (marker,) = (opened.world.services.settings.home / "index" / wide).glob("*/index.json")
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"analyser": 1}))
    for mode in ("hybrid", "dense", "lexical"):
        status, found = search(opened, mode=mode)
        assert status == 200
        assert len(found["results"]) == 1
        (left_out,) = found["left_out"]
        assert "analyser 1" in left_out.pop("reason")
        hint = "An owner can rebuild it: POST /api/v1/knowledge-bases/ID/reindex."
        assert left_out == {"knowledge_base": wide, "name": "wide", "searched": "nothing", "hint": hint}
        assert opened.client.get("/readyz").json()["embedder"] == "ok"  # it is not to blame
    assert search(opened, wide)[0] == 409


def test_nobody_waits_for_a_model_that_says_nothing() -> None:
    turns, go_on = ModelTurns(at_once=1, patience_seconds=0.05), threading.Event()

    def asks() -> None:
        with turns.one("hangs"):
            assert go_on.wait(PATIENCE)
            raise EndpointUnavailable(endpoint="", detail="", setting="")

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(asks)
        until(lambda: bool(turns._begun))
        for _ in range(2):  # one that waits in vain, one that need not
            with pytest.raises(ModelSilent), turns.one("hangs"):
                pass
        with turns.one("another"):
            go_on.set()
        with pytest.raises(EndpointUnavailable):
            first.result()
    with turns.one("hangs"), pytest.raises(ModelSilent), turns.one("hangs"):  # one at a time tries it again
        pass
    with turns.one("hangs"):
        pass


def test_one_user_leaves_room_for_others(opened: Lab) -> None:
    searches = Searches(opened.world.services, inside=3, of_one=2)
    go_on = threading.Event()
    one, other, third = (Caller(name, name, False) for name in ("one", "other", "third"))

    async def busy(caller: Caller) -> bool:
        try:
            await searches.apart(caller, lambda: None)
        except TooBusy:
            return True
        return False

    async def all_of_it() -> None:
        waiting = [asyncio.create_task(searches.apart(one, go_on.wait, PATIENCE)) for _ in range(2)]
        await asyncio.sleep(0)
        assert await busy(one)
        assert not await busy(other)
        waiting.append(asyncio.create_task(searches.apart(other, go_on.wait, PATIENCE)))
        await asyncio.sleep(0)
        assert await busy(third)
        go_on.set()
        await asyncio.gather(*waiting)
        assert not await busy(one)

    asyncio.run(all_of_it())
    searches.close()


def test_more_of_an_answer_is_asked_for_one_at_a_time_and_ends_with_the_next_question(opened: Lab) -> None:
    searches = Searches(opened.world.services)
    one, other = (Caller(name, name, False) for name in ("one", "other"))
    asking, others = searches.beside(one, "whales"), searches.beside(other, "bees")
    entered = threading.Event()

    def asks() -> None:
        with others("usual"):
            entered.set()

    with ThreadPoolExecutor(1) as pool:
        with asking("usual"):
            waiting = pool.submit(asks)
            assert not entered.wait(0.05)
            searches.reads(one, "violins")
        waiting.result(PATIENCE)
    with pytest.raises(Overtaken), asking("usual"):
        pass
    with searches.beside(one, "violins")("usual"), searches.turns.one("usual"):  # searches find turns left
        pass
    searches.close()
