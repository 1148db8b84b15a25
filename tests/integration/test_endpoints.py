"""Servers of models in the catalog: found before the settings', changed while they are used, keys sealed."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.bootstrap import Services, open_services
from carrel.core.account_errors import (
    AdministratorsOnly,
    EndpointExists,
    EndpointKeyNeeded,
    EndpointMissing,
    SecretKeyWrong,
)
from carrel.core.accounts import COMMAND_LINE, Caller
from carrel.core.endpoints import EndpointOptions, ModelEndpoint, Purpose
from carrel.core.engine_errors import EndpointNotSet
from carrel.core.ids import KnowledgeBaseId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.storage.database import FILE_NAME
from carrel.storage.sealing import FILE_NAME as KEY_FILE
from tests.fakes.embedding_server import MODEL, EmbeddingServerFake, serving
from tests.integration.worlds import settings_in

BASE = KnowledgeBase(KnowledgeBaseId("0" * 32), "papers", embedder=MODEL)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with closing(open_services(settings_in(tmp_path), print)) as opened:
        yield opened


def named(services: Services, url: str, key: str = "") -> ModelEndpoint:
    options = EndpointOptions(width=64)
    return services.endpoints.create(COMMAND_LINE, Purpose.EMBEDDER, MODEL, url, key, options)


def test_a_model_is_asked_of_the_server_that_was_named(services: Services) -> None:
    fake = EmbeddingServerFake()
    fake.key = "sk-secret"
    with pytest.raises(EndpointNotSet):
        services.embedder_of(BASE)
    with serving(fake) as url:
        endpoint = named(services, url, "sk-secret")
        assert len(services.embedder_of(BASE).embed_documents(["sparse attention"])) == 1
        assert services.embedder_of(BASE) is services.embedder_of(BASE)
        services.endpoints.delete(COMMAND_LINE, endpoint.id)
    assert "sparse attention" in fake.texts
    with pytest.raises(EndpointNotSet):
        services.embedder_of(BASE)


def test_within_a_search_a_server_is_looked_up_once(services: Services) -> None:
    fake = EmbeddingServerFake()
    with serving(fake) as url:
        endpoint = named(services, url)
        with services.steady():
            asked = services.embedder_of(BASE)
            services.endpoints.delete(COMMAND_LINE, endpoint.id)
            assert services.embedder_of(BASE) is asked
            with ThreadPoolExecutor(1) as pool, pytest.raises(EndpointNotSet):
                pool.submit(services.embedder_of, BASE).result()  # another search has its own
        with pytest.raises(EndpointNotSet):
            services.embedder_of(BASE)


def test_after_a_change_the_new_server_is_asked_and_calls_to_the_old_one_end_well(services: Services) -> None:
    old, new = EmbeddingServerFake(), EmbeddingServerFake()
    with serving(old) as old_url, serving(new) as new_url:
        endpoint = named(services, old_url)
        before = services.embedder_of(BASE)
        before.embed_documents(["one"])
        services.endpoints.change(COMMAND_LINE, endpoint.id, MODEL, new_url, None, EndpointOptions(width=64))
        services.embedder_of(BASE).embed_documents(["two"])
        before.embed_documents(["three"])  # a call that had begun with it
    assert ("one" in old.texts, "three" in old.texts) == (True, True)
    assert ("two" in new.texts, "two" in old.texts) == (True, False)


def test_the_reranker_that_was_named_is_used_where_the_settings_have_none(services: Services) -> None:
    assert services.reranker() is None
    services.endpoints.create(COMMAND_LINE, Purpose.RERANKER, "ranks", "http://127.0.0.1:1/v1")
    found = services.reranker()
    assert found is not None
    assert found.model == "ranks"


def test_keys_are_sealed(services: Services, tmp_path: Path) -> None:
    endpoint = named(services, "http://127.0.0.1:1/v1", "sk-very-secret")
    home = services.settings.home
    connection = sqlite3.connect(home / FILE_NAME)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert b"sk-very-secret" not in (home / FILE_NAME).read_bytes()
    assert "sk-very-secret" not in repr(services.endpoints.find(COMMAND_LINE, endpoint.id))
    (home / KEY_FILE).unlink()
    with closing(open_services(services.settings, print)) as other, pytest.raises(SecretKeyWrong):
        other.embedder_of(BASE)


def test_a_key_moved_to_another_row_does_not_open(services: Services) -> None:
    one = named(services, "http://127.0.0.1:1/v1", "sk-very-secret")
    two = services.endpoints.create(COMMAND_LINE, Purpose.EMBEDDER, "other", "http://127.0.0.1:2/v1", "sk-2")
    with services.catalog.write() as tx:
        tx.run(
            "UPDATE endpoints SET api_key = (SELECT api_key FROM endpoints WHERE id = :one) WHERE id = :two",
            one=one.id,
            two=two.id,
        )
    with pytest.raises(SecretKeyWrong):
        services.embedder_of(replace(BASE, embedder="other"))


def test_a_kept_key_goes_to_no_other_address(services: Services) -> None:
    endpoint = named(services, "http://127.0.0.1:1/v1", "sk-secret")
    change = services.endpoints.change
    with pytest.raises(EndpointKeyNeeded):
        change(COMMAND_LINE, endpoint.id, MODEL, "http://127.0.0.1:2/v1")
    kept = change(
        COMMAND_LINE, endpoint.id, MODEL, "http://127.0.0.1:1/v1", None, EndpointOptions(requests=2)
    )
    assert (kept.has_key, kept.options.requests) == (True, 2)
    assert change(COMMAND_LINE, endpoint.id, MODEL, "http://127.0.0.1:2/v1", "sk-new").has_key
    assert not change(COMMAND_LINE, endpoint.id, MODEL, "http://127.0.0.1:3/v1", "").has_key


def test_each_model_has_one_server_and_administrators_say_which(services: Services) -> None:
    named(services, "http://127.0.0.1:1/v1")
    with pytest.raises(EndpointExists):
        named(services, "http://127.0.0.1:2/v1")
    with pytest.raises(EndpointMissing):
        services.endpoints.delete(COMMAND_LINE, "no such id")
    bob = Caller("1", "bob", administrator=False)
    with pytest.raises(AdministratorsOnly):
        services.endpoints.all_of_them(bob)
    with pytest.raises(AdministratorsOnly):
        services.endpoints.create(bob, Purpose.EMBEDDER, "m", "http://127.0.0.1:1")
