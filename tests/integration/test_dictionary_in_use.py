"""The dictionary of a running server: no search waits for it, and what keeps it from being ready is shown."""

import gzip
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.bootstrap.dictionary import DictionaryInUse
from carrel.core.accounts import COMMAND_LINE
from carrel.core.dictionary_errors import DictionaryUnavailable
from carrel.core.ranking import Query
from carrel.engines.dictionaries import dictionary_folder, has_dictionary
from tests.fakes.dictionary import entries
from tests.integration.worlds import World, world_of_fakes


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_of_fakes(tmp_path) as opened:
        yield opened


def keep(world: World, content: bytes) -> None:
    """Leave the file as it was fetched, without what another version compiled from it."""
    folder = dictionary_folder(world.services.settings.cache)
    folder.mkdir(parents=True)
    (folder / "cedict.txt.gz").write_bytes(content)


def test_until_it_is_ready_questions_are_not_translated_and_the_answer_says_so(world: World) -> None:
    world.embedder.reads = frozenset({"en"})
    world.add("Glacier", "Comet")
    keep(world, gzip.compress(entries(50_000).encode()))
    dictionary = world.services.dictionary
    first = world.services.search(Query("彗星"))
    assert dictionary.is_coming
    assert first.translation is not None
    assert not first.translation.made
    dictionary.wait()
    assert dictionary.error is None
    second = world.services.search(Query("彗星"))
    assert second.translation is not None
    assert second.translation.text == "comet"


def test_one_that_is_damaged_is_said_and_tried_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    keep(world, b"nonsense")
    dictionary = world.services.dictionary
    with caplog.at_level(logging.WARNING):
        dictionary.wait()
    assert isinstance(dictionary.error, DictionaryUnavailable)
    assert "CC-CEDICT" in caplog.text
    assert not has_dictionary(world.services.settings.cache)
    error = dictionary.error
    dictionary.wait()
    assert dictionary.get() is None
    assert dictionary.error is error


def test_a_fault_while_it_is_fetched_is_logged_and_shown(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    settings = replace(world.services.settings, cache=Path("no\0folder"), offline=True)
    dictionary = DictionaryInUse(settings, world.services.catalog)
    with caplog.at_level(logging.WARNING):
        dictionary.fetch(COMMAND_LINE)
        dictionary.wait()
    assert dictionary.error is not None
    assert "ValueError: embedded null byte" in dictionary.error.message
    assert "carrel models pull" in dictionary.error.hint
    assert "Traceback" in caplog.text
