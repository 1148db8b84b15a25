"""The dictionary on the pages: offered, added, removed; and what a question was asked as besides."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.knowledge_base import DEFAULT_EMBEDDER
from tests.fakes.dictionary import put_dictionary
from tests.unit.api.rest.lab import Lab
from tests.unit.web.browsing import look, pages, send

MODELS, DICTIONARY, FIRST = "/settings/models", "/settings/models/dictionary", "/welcome/library"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with pages(tmp_path) as opened:
        yield opened


def test_administrators_see_its_licence_and_remove_it(opened: Lab) -> None:
    page = look(opened, MODELS, "administrator").text
    assert all(part in page for part in ("CC-CEDICT", "CC BY-SA 4.0", "www.mdbg.net", "Add the dictionary"))
    put_dictionary(opened.world.services.settings.cache)
    page = look(opened, MODELS, "administrator").text
    assert "2023-11-07" in page
    assert "Add the dictionary" not in page
    assert send(opened, DICTIONARY, "administrator", {"what": "nonsense"}).status_code == 303
    assert opened.world.services.dictionary.get() is not None
    assert send(opened, DICTIONARY, "owner", {"what": "remove"}).status_code == 404
    assert send(opened, DICTIONARY, "administrator", {"what": "remove"}).status_code == 303
    assert opened.world.services.dictionary.get() is None
    with opened.world.services.catalog.read() as tx:
        [entry] = tx.rows("SELECT * FROM audit WHERE subject = 'dictionary'")
    assert entry["action"] == "server-configure"


def test_the_first_visit_offers_it_to_administrators_until_it_is_there(opened: Lab) -> None:
    assert opened.world.services.settings.embedder == DEFAULT_EMBEDDER
    box = 'name="dictionary" value="1" checked'
    assert box in look(opened, FIRST, "administrator").text
    assert box not in look(opened, FIRST, "viewer").text
    put_dictionary(opened.world.services.settings.cache)
    assert box not in look(opened, FIRST, "administrator").text


def test_the_answer_says_what_a_chinese_question_was_asked_as(opened: Lab) -> None:
    opened.world.embedder.reads = frozenset({"en"})
    opened.world.accept("Comet")
    opened.world.work()
    page = look(opened, "/?q=彗星", "administrator").text
    assert "reads only English" in page
    assert 'href="/settings/models"' in page
    put_dictionary(opened.world.services.settings.cache)
    page = look(opened, "/?q=彗星", "administrator").text
    assert "also asked in English:" in page
    assert '<span lang="en" dir="ltr">comet</span> (CC-CEDICT, CC BY-SA 4.0)' in page
    assert "<mark>comet</mark>" in page
    assert "translate=no" in page
    page = look(opened, "/?q=彗星&translate=no", "administrator").text
    assert "also asked in English:" not in page
    assert "not asked in English" in page
