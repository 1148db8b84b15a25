"""The model of a new knowledge base is chosen where it is made; the server named last is offered first."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.accounts import COMMAND_LINE
from carrel.core.knowledge_base import DEFAULT_EMBEDDER
from tests.fakes.embedding_server import MODEL
from tests.unit.api.rest.lab import Lab
from tests.unit.web.browsing import look, pages, send
from tests.unit.web.world import tree

WELCOME = "/welcome/library"
SERVER = {"purpose": "embedder", "url": "http://127.0.0.1:9/v1", "model": MODEL}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with pages(tmp_path) as opened:
        yield opened


def embedders(opened: Lab) -> dict[str, str]:
    """Return the model of each knowledge base."""
    bases = opened.world.services.shelves.of(COMMAND_LINE).readable()
    return {base.name: base.embedder for base in bases}


def offered(opened: Lab, path: str, who: str = "owner") -> list[str]:
    """Return the models to choose from on a page, the chosen one first."""
    options = tree(look(opened, path, who)).xpath("//select[@name='embedder']/option")
    return [option.text for option in sorted(options, key=lambda each: "selected" not in each.attrib)]


def test_with_one_model_there_is_nothing_to_choose(opened: Lab) -> None:
    assert offered(opened, "/shelves") == offered(opened, WELCOME) == []
    assert send(opened, "/shelves", "owner", {"name": "Sea"}).status_code == 303
    assert embedders(opened) == {"Sea": DEFAULT_EMBEDDER}


@pytest.mark.parametrize("path", ["/shelves", WELCOME])
def test_a_server_that_was_named_is_chosen_beforehand(opened: Lab, path: str) -> None:
    send(opened, "/settings/models/new", "administrator", SERVER)
    assert offered(opened, path) == [MODEL, DEFAULT_EMBEDDER]
    send(opened, path, "owner", {"name": "library"})
    assert embedders(opened) == {"library": MODEL}


def test_another_one_can_be_chosen(opened: Lab) -> None:
    send(opened, "/settings/models/new", "administrator", SERVER)
    send(opened, "/shelves", "owner", {"name": "Sea", "embedder": DEFAULT_EMBEDDER})
    send(opened, WELCOME, "owner", {"what": "own", "embedder": DEFAULT_EMBEDDER})
    assert embedders(opened) == {"Sea": DEFAULT_EMBEDDER, "library": DEFAULT_EMBEDDER}


@pytest.mark.parametrize("path", ["/shelves", WELCOME])
def test_one_that_is_not_offered_makes_nothing(opened: Lab, path: str) -> None:
    answer = send(opened, path, "owner", {"name": "Sea", "embedder": "../secrets.gguf"})
    assert answer.status_code == 422
    assert "is not known" in answer.text
    assert 'value="Sea"' in answer.text or path == WELCOME
    assert embedders(opened) == {}


def test_from_the_welcome_one_comes_back_to_it(opened: Lab) -> None:
    (link,) = tree(look(opened, WELCOME, "administrator")).xpath("//a[contains(@href, '/models/new')]/@href")
    form = tree(look(opened, link, "administrator")).xpath("//form[@id='server']//input[@name='next']")[0]
    back = {"next": form.get("value")}
    refused = send(opened, "/settings/models/new", "administrator", SERVER | back | {"width": "wide"})
    assert f'name="next" value="{WELCOME}"' in refused.text
    for wanted, there in ((back["next"], WELCOME), ("//elsewhere.example", "/")):
        server = SERVER | {"model": f"{MODEL}{there}", "next": wanted}
        answer = send(opened, "/settings/models/new", "administrator", server)
        assert (answer.status_code, answer.headers["location"]) == (303, there)
