"""What an answer was not taken from: the page says it, and what can be done."""

import json
from pathlib import Path

import pytest

from carrel.cli.search import print_result
from carrel.cli.search_reply import result_of
from carrel.core.engine_errors import EndpointUnavailable
from carrel.core.json_values import as_object
from carrel.core.ranking import Query
from carrel.search.present import search_document
from tests.integration.worlds import WIDE_MODEL
from tests.unit.api.rest.lab import Lab
from tests.unit.web.browsing import look, pages


def two_bases(opened: Lab) -> str:
    """Make two filled knowledge bases; return the second's id, of the model ``wide``."""
    shelves = opened.world.services.shelves
    usual, wide = shelves.create("usual"), shelves.create("wide", embedder=WIDE_MODEL)
    opened.world.accept("Whales", kb=usual.id)
    opened.world.accept("Bees", kb=wide.id)
    opened.world.work()
    return wide.id


def of_another_analyser(opened: Lab, base: str) -> None:
    (marker,) = (opened.world.services.settings.home / "index" / base).glob("*/index.json")
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"analyser": 1}))


def test_the_page_says_what_was_left_out_and_what_to_do(tmp_path: Path) -> None:
    with pages(tmp_path) as opened:
        wide = two_bases(opened)
        page = look(opened, "/?q=whales", "administrator").text
        assert "was left out" not in page
        opened.world.wide.gone = EndpointUnavailable(endpoint="http://e", detail="away", setting="")
        page = look(opened, "/?q=whales", "administrator").text
        assert "&#39;wide&#39; was searched by words alone" in page
        assert "Settings, Models" in page
        of_another_analyser(opened, wide)
        page = look(opened, "/?q=whales", "administrator").text
        assert "&#39;wide&#39; was left out: The index of wide" in page
        assert "under Vectorization" in page
        assert "Whales" in page


def test_the_command_says_it_too_even_where_a_server_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pages(tmp_path) as opened:
        of_another_analyser(opened, two_bases(opened))
        result = opened.world.services.search(Query("whales"))
    answered = result_of(as_object(json.loads(json.dumps(search_document(result, explain=False)))))
    for each in (result, answered):
        print_result(each, explain=False)
        said = capsys.readouterr()
        assert "'wide' was left out: The index of wide" in said.err
        assert "carrel reindex --kb wide" in said.err
        assert "Whales" in said.out
