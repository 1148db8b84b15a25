"""``/settings/models``: servers named, tried before that, changed and removed; keys never come out."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.accounts import COMMAND_LINE
from carrel.core.endpoints import EndpointOptions, ModelEndpoint, Purpose
from tests.fakes.embedding_server import MODEL, EmbeddingServerFake, serving
from tests.fakes.parser import fake_pdf
from tests.fakes.rerank_server import RerankServerFake
from tests.unit.api.rest.lab import Lab
from tests.unit.web.browsing import look, pages, send

KEY = "secret-key-of-a-server"
NEW, TEST = "/settings/models/new", "/settings/models/test"
ELSEWHERE = "http://127.0.0.1:9/v1"
PATHS = ("/settings/models", NEW, f"{NEW}?for=reranker")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with pages(tmp_path) as opened:
        yield opened


def named(opened: Lab) -> tuple[ModelEndpoint, ...]:
    return opened.world.services.endpoints.all_of_them(COMMAND_LINE)


def saved(opened: Lab, url: str = ELSEWHERE, purpose: str = "embedder", **fields: str) -> ModelEndpoint:
    """Name a server by its form and return it."""
    form = {"purpose": purpose, "url": url, "model": MODEL, "key": KEY} | fields
    answer = send(opened, NEW, "administrator", form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/models")
    return named(opened)[-1]


@pytest.mark.parametrize("who", ["owner", "viewer", "stranger"])
def test_nobody_but_administrators_knows_of_it(opened: Lab, who: str) -> None:
    one = saved(opened)
    for path in (*PATHS, f"/settings/models/{one.id}"):
        assert look(opened, path, who).status_code == 404
    for path in (NEW, TEST, f"/settings/models/{one.id}", f"/settings/models/{one.id}/delete"):
        assert send(opened, path, who, {"url": ELSEWHERE, "model": "m"}).status_code == 404
    assert named(opened) == (one,)
    assert look(opened, "/settings/models", "nobody").status_code == 303


def test_forms_of_other_sites_do_nothing(opened: Lab) -> None:
    form = {"purpose": "embedder", "url": ELSEWHERE, "model": "m"}
    for path in (NEW, TEST):
        assert send(opened, path, "administrator", form, csrf="guessed").status_code == 403
    assert named(opened) == ()


def test_a_server_is_named_changed_and_removed(opened: Lab) -> None:
    one = saved(opened, profile="bge-m3", batch_texts="8", seconds="2.5", query_template="Find:\r\n{text}")
    assert one.options == EndpointOptions(
        profile="bge-m3", batch_texts=8, seconds=2.5, query_template="Find:\n{text}"
    )
    page = look(opened, f"/settings/models/{one.id}", "administrator").text
    assert KEY not in page
    assert "A key is set" in page
    assert "<option selected>bge-m3" in page
    changed = {"url": ELSEWHERE, "model": "another", "requests": "3"}
    assert send(opened, f"/settings/models/{one.id}", "administrator", changed).status_code == 303
    (found,) = named(opened)
    assert (found.model, found.options, found.has_key) == ("another", EndpointOptions(requests=3), True)
    assert send(opened, f"/settings/models/{one.id}", "administrator", changed | {"forget": "1"})
    assert not named(opened)[0].has_key
    address = f"/settings/models/{one.id}/delete"
    assert "Remove this server?" in send(opened, address, "administrator").text
    assert named(opened)
    assert send(opened, address, "administrator", {"sure": "yes"}).status_code == 303
    assert named(opened) == ()
    assert look(opened, f"/settings/models/{one.id}", "administrator").status_code == 404


def test_what_cannot_be_is_said_and_what_was_typed_stays(opened: Lab) -> None:
    form = {"purpose": "embedder", "url": "ftp://nowhere", "model": "m <b>", "key": KEY, "width": "12"}
    answer = send(opened, NEW, "administrator", form)
    assert answer.status_code == 422
    assert "m &lt;b&gt;" in answer.text
    assert 'value="12"' in answer.text
    assert KEY not in answer.text
    for wrong in ({"width": "wide"}, {"seconds": "soon"}, {"profile": "of nothing"}):
        answer = send(opened, NEW, "administrator", form | {"url": ELSEWHERE} | wrong)
        assert answer.status_code == 422, wrong
        assert 'role="alert"' in answer.text
    metadata = form | {"url": "http://169.254.169.254/v1", "width": ""}
    for path in (NEW, TEST):
        assert send(opened, path, "administrator", metadata).status_code in (403, 422)
    assert named(opened) == ()


def test_a_connection_is_tried_and_nothing_is_saved(opened: Lab) -> None:
    fake = EmbeddingServerFake()
    fake.key = KEY
    with serving(fake) as url:
        form = {"purpose": "embedder", "url": url, "model": MODEL, "key": KEY, "quick": "1"}
        part = send(opened, TEST, "administrator", form, hx_request="true")
        page = send(opened, TEST, "administrator", form)
    for answer in (part, page):
        assert answer.status_code == 200
        assert 'class="verdict pass"' in answer.text
        assert "/v1/embeddings" in answer.text
        assert "Authorization: Bearer …" in answer.text
        assert KEY not in answer.text
    assert "<html" not in part.text
    assert f'value="{url}"' in page.text
    assert "Type it again" in page.text
    assert named(opened) == ()
    assert any(asked.headers.get("authorization") == f"Bearer {KEY}" for asked in fake.asked)


def test_advice_is_about_the_fields_of_the_form(opened: Lab) -> None:
    with serving(EmbeddingServerFake()) as url:
        form = {"purpose": "embedder", "url": url, "model": MODEL}
        tried = send(opened, TEST, "administrator", form, hx_request="true").text
        quick = form | {"quick": "1"}
        chinese = send(opened, TEST, "administrator", quick, hx_request="true", accept_language="zh-CN").text
    assert "Say what it is by a profile: " in tried
    assert "请用配置档说明它是什么：" in chinese
    assert "可连接" in chinese
    for text in (tried, chinese):
        assert not re.search(r"CARREL_|--[a-z]", text)
    advised = re.search(r'data-batch_texts="(\d+)" data-requests="(\d+)"', tried)
    assert advised
    assert f"texts a request {advised[1]}, requests at once {advised[2]}." in tried


def test_verdicts_have_cause_and_remedy(opened: Lab) -> None:
    form = {"purpose": "embedder", "url": "http://127.0.0.1:1/v1", "model": "m"}
    answer = send(opened, TEST, "administrator", form, hx_request="true")
    assert answer.status_code == 200
    assert 'class="verdict fail"' in answer.text
    assert "Likely cause:" in answer.text
    assert "What to do:" in answer.text


def test_a_kept_key_goes_to_its_own_address_only(opened: Lab) -> None:
    fake, other = EmbeddingServerFake(), EmbeddingServerFake()
    fake.key = KEY
    with serving(fake) as url, serving(other) as elsewhere:
        one = saved(opened, url)
        form = {"id": one.id, "url": url, "model": MODEL, "quick": "1"}
        tried = send(opened, TEST, "administrator", form, hx_request="true")
        assert re.search(r'class="verdict pass"', tried.text)
        refused = send(opened, TEST, "administrator", form | {"url": elsewhere}, hx_request="true")
    assert refused.status_code in (409, 422)
    assert other.asked == []


def test_a_reranker_is_tried(opened: Lab) -> None:
    fake = RerankServerFake()
    with serving(fake) as url:
        form = {"purpose": "reranker", "url": url, "model": fake.model}
        good = send(opened, TEST, "administrator", form, hx_request="true").text
        fake.scores = lambda _, documents: [
            float(-len(set(text.split()) & {"Beijing."})) for text in documents
        ]
        wrong = send(opened, TEST, "administrator", form, hx_request="true").text
        one = saved(opened, url, "reranker", template="server")
    gone = send(opened, TEST, "administrator", form, hx_request="true").text
    assert good.count('class="verdict pass"') == 3
    assert gone.count('class="verdict fail"') == 1
    assert "/rerank" in good
    assert 'class="verdict fail"' in wrong
    assert (one.purpose, one.options.template) == (Purpose.RERANKER, "server")


def test_the_settings_own_server_without_one_says_so(opened: Lab) -> None:
    page = look(opened, "/settings/models", "administrator").text
    assert "all-MiniLM-L6-v2" in page
    assert "test-settings" not in page  # Carrel runs it by itself
    answer = send(opened, "/settings/models/test-settings", "administrator", {"purpose": "embedder"})
    assert answer.status_code == 422


def test_a_named_reranker_orders_what_the_pages_find(opened: Lab) -> None:
    base = opened.base("Sea")
    for name in ("Whales of the North", "Seals of the Shore"):
        opened.world.accept_bytes(f"{name}.pdf", fake_pdf(name, f"{name} sing in deep water."), base.id)
    opened.world.work()
    question = "/?q=seals+sing&rerank="
    assert 'name="rerank"' not in look(opened, question + "yes", "viewer").text
    fake = RerankServerFake()
    with serving(fake) as url:
        saved(opened, url, "reranker", model=fake.model)
        page = look(opened, question + "yes", "viewer").text
        asked = len(fake.pairs)
        as_set = look(opened, question, "viewer").text
        without = look(opened, question + "no", "viewer").text
    assert 'name="rerank"' in page
    assert asked
    assert f"ordered by {fake.model}" in page
    assert f"ordered by {fake.model}" in as_set
    assert fake.model not in without
