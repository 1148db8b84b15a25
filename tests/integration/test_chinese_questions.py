"""A Chinese question over English papers, from the question to the answer."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.bootstrap.dictionary import OFF, DictionaryInUse
from carrel.core.ranking import Mode, Query, SearchResult
from carrel.core.search_record import Cause, RecordedDictionary, SearchRecord, compared
from carrel.core.search_record_format import record_fields, record_of
from carrel.engines.dictionaries import remove_dictionary
from tests.fakes.dictionary import put_dictionary
from tests.integration.worlds import WIDE_MODEL, World, fake_paper, world_of_fakes


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """English papers whose model reads only English, and a dictionary."""
    with world_of_fakes(tmp_path) as opened:
        opened.embedder.reads = frozenset({"en"})
        put_dictionary(opened.services.settings.cache)
        opened.add("Glacier", "Violin", "Comet")
        yield opened


def ask(world: World, text: str, mode: Mode = Mode.HYBRID, translate: bool = True) -> SearchResult:
    world.services.indexes.acquire("a test", 0)
    return world.services.search(Query(text, mode=mode, translate=translate))


@pytest.mark.parametrize("mode", Mode)
def test_it_finds_the_english_paper_and_says_how(world: World, mode: Mode) -> None:
    asked: list[str] = []
    world.embedder.asked = asked.append
    found = ask(world, "有关于彗星的方法吗?", mode)
    assert found.hits[0].paper.file_name == "Comet.pdf"
    assert found.query == "有关于彗星的方法吗?"
    assert found.translation is not None
    assert found.translation.text == "comet method ?"
    assert [gloss.word for gloss in found.translation.glosses] == ["彗星", "方法"]
    assert asked == ([] if mode is Mode.LEXICAL else ["comet method ?"])


def test_chinese_papers_are_found_by_its_own_words(world: World) -> None:
    content = fake_paper("彗星", "彗星在夜空中划过。", language="zh")
    world.accept_bytes("彗星.pdf", content)
    world.work()
    found = ask(world, "彗星", Mode.LEXICAL)
    assert {hit.paper.file_name for hit in found.hits} == {"彗星.pdf", "Comet.pdf"}


def test_it_is_left_alone_where_that_is_wanted_or_nothing_is_gained(world: World) -> None:
    assert ask(world, "彗星", translate=False).translation is None
    assert ask(world, "comets").translation is None
    assert ask(world, "魑魅").translation is None  # no word of it is known
    world.embedder.reads = frozenset()  # many languages, or unknown
    assert ask(world, "彗星").translation is None
    world.embedder.reads = frozenset({"zh", "en"})
    assert ask(world, "彗星").translation is None


def test_over_chinese_papers_alone_it_is_left_alone(world: World) -> None:
    for title in ("Glacier", "Violin", "Comet"):
        world.services.shelves.remove(ask(world, title).hits[0].paper.id, [world.shelf()])
    world.accept_bytes("彗星.pdf", fake_paper("彗星", "彗星在夜空中划过。", language="zh"))
    world.work()
    assert ask(world, "彗星").translation is None


def test_of_two_models_only_the_one_that_does_not_read_it_is_asked_in_english(world: World) -> None:
    world.services.shelves.create("wide", embedder=WIDE_MODEL)
    world.accept("Comet by night", kb="wide")
    world.work()
    asked: list[str] = []
    world.embedder.asked = world.wide.asked = asked.append
    found = ask(world, "彗星")
    assert sorted(asked) == ["comet", "彗星"]
    assert found.translation is not None


def test_without_the_dictionary_the_answer_says_that_it_would_help(world: World) -> None:
    assert ask(world, "彗星", Mode.LEXICAL).hits
    remove_dictionary(world.services.settings.cache)
    found = ask(world, "彗星", Mode.LEXICAL)
    assert found.hits == ()
    assert found.translation is not None
    assert (found.translation.made, found.translation.language) == (False, "zh")
    put_dictionary(world.services.settings.cache)  # by whomever, while this runs
    assert ask(world, "彗星", Mode.LEXICAL).hits


def test_switched_off_it_is_not_even_missed(world: World) -> None:
    settings = replace(world.services.settings, dictionary=OFF)
    off = DictionaryInUse(settings, world.services.catalog)
    world.services = replace(world.services, dictionary=off)
    assert ask(world, "彗星").translation is None


def record(world: World, text: str) -> SearchRecord:
    """Search, and return the record as a file would keep it."""
    query = Query(text)
    fields = record_fields(world.services.record(query, ask(world, text)), text)
    return record_of(json.loads(json.dumps(fields)))


def test_a_record_knows_its_dictionary_and_another_one_is_a_cause(world: World) -> None:
    cache = world.services.settings.cache
    before = record(world, "彗星")
    opened = world.services.dictionary.get()
    assert opened is not None
    assert before.dictionary == RecordedDictionary("CC-CEDICT", "2023-11-07", opened.content)
    assert compared(before, record(world, "彗星")).causes == ()
    remove_dictionary(cache)
    without = record(world, "彗星")
    assert without.dictionary == RecordedDictionary()
    named = f"CC-CEDICT 2023-11-07 {opened.content}"
    assert compared(before, without).causes == (Cause("dictionary", "", named, ""),)
    put_dictionary(cache, {"彗星": ("broom star",)})
    assert [each.before for each in compared(without, record(world, "彗星")).causes] == [""]
    (cause,) = compared(before, record(world, "彗星")).causes
    assert cause.before != cause.now
    assert cause.now.startswith("CC-CEDICT 2023-11-07 ")  # of the same day, and says other things


def test_a_question_that_needs_no_dictionary_has_none_in_its_record(world: World) -> None:
    before = record(world, "comets")
    assert before.dictionary == RecordedDictionary()
    remove_dictionary(world.services.settings.cache)
    assert compared(before, record(world, "comets")).causes == ()


def test_a_record_of_an_earlier_version_says_nothing_of_dictionaries(world: World) -> None:
    now = record(world, "彗星")
    fields = dict(record_fields(now, "彗星"))
    del fields["dictionary"]
    older = record_of(json.loads(json.dumps(fields)))
    assert older.dictionary is None
    assert compared(older, now).causes == ()
