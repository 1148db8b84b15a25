"""What errors say over REST: to whom they name addresses, in which language, and what is to be done."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.api.rest.problems import problem_document
from carrel.api.rest.wording import HINTS, WhyNot
from carrel.core.account_errors import PasswordMustChange
from carrel.core.catalog_errors import CatalogDiskFull, CatalogLoginRefused, CatalogUnreachable
from carrel.core.engine_errors import EndpointUnavailable
from carrel.core.errors import CarrelError, EncryptedPdf, StorageFull
from carrel.core.index_errors import IndexServerUnavailable
from carrel.core.kept_errors import class_of, kept, parameters_of, said
from carrel.core.rebuild import Change
from carrel.storage import generations, knowledge_bases, queue
from tests.integration.worlds import WIDE_MODEL
from tests.unit.api.rest.lab import API, Lab, lab

ADDRESS = "http://10.0.0.7:8000/v1"
AWAY = EndpointUnavailable(
    endpoint=ADDRESS, detail=f"no answer from {ADDRESS}", setting="CARREL_EMBEDDER_URL"
)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    "error",
    [
        CatalogUnreachable(host="10.0.0.7", database="shelf", detail='server at "10.0.0.7", port 8670'),
        CatalogLoginRefused(host="10.0.0.7", database="shelf", detail='user "shelf" failed at 10.0.0.7'),
        CatalogDiskFull(host="10.0.0.7", database="shelf"),
        AWAY,
        StorageFull(folder="/srv/10.0.0.7", free_mb=1, needed_mb=2),
    ],
    ids=lambda error: error.kind,
)
def test_a_problem_names_no_address_of_this_machine(error: CarrelError) -> None:
    told = problem_document(error).model_dump_json()
    assert "10.0.0.7" not in told
    assert "shelf" not in told


def test_what_jobs_and_a_reindex_failed_of_names_addresses_to_administrators_alone(opened: Lab) -> None:
    base = opened.base()
    catalog = opened.world.services.catalog
    opened.world.add("Glaciers", kb=base.id)
    opened.world.accept("Whales", kb=base.id)
    opened.world.services.rebuilds().begin(base, Change(embedder=WIDE_MODEL))
    with catalog.write() as tx:
        job = queue.claim(tx, "a worker")
        assert job is not None
        queue.postpone(tx, job, AWAY)
        under_way = generations.under_way(tx, knowledge_bases.by_id(tx, base.id))
        assert under_way is not None
        generations.note_trouble(
            tx,
            under_way,
            "index-server-unavailable",
            kept(IndexServerUnavailable(index="filled", url=ADDRESS, detail="gone")),
        )
    of_base = f"{API}/knowledge-bases/{base.id}"
    for url in (f"{API}/jobs/{job.id}", f"{API}/jobs", f"{of_base}/papers", f"{of_base}/reindex"):
        seen = {
            who: opened.client.get(url, headers=opened.as_(who)).text for who in ("viewer", "administrator")
        }
        assert "10.0.0.7" not in seen["viewer"]
        assert "10.0.0.7" in seen["administrator"]
        assert "unavailable" in seen["viewer"]  # why is said to everybody
        assert "carrel " not in seen["viewer"]
    chinese = opened.as_("viewer") | {"Accept-Language": "zh"}
    told = opened.client.get(f"{API}/jobs/{job.id}", headers=chinese).json()["error"]["message"]
    assert "…" in told
    assert any("\u4e00" <= character <= "\u9fff" for character in told)


def test_what_is_kept_can_be_said_again() -> None:
    text = kept(AWAY)
    assert said(text) == str(AWAY)
    assert parameters_of(text) == AWAY.parameters
    assert class_of(AWAY.kind) is EndpointUnavailable
    assert class_of("nonesuch") is None


@pytest.mark.parametrize("before", [f"{ADDRESS} cannot be reached.", "{}", "[1]", '"said"', "12", ""])
def test_what_was_kept_in_another_way_is_said_as_it_is_without_addresses(before: str) -> None:
    assert said(before) == before
    for kind in (AWAY.kind, "of-a-later-version"):
        found = WhyNot.of(kind, before, in_whole=False)
        assert found is not None
        assert ADDRESS not in found.message


def test_hints_name_routes_and_no_commands() -> None:
    assert [hint for hint in HINTS.values() if "carrel " in hint or " --" in hint] == []
    assert "/session/password" in problem_document(PasswordMustChange()).hint
    assert "upload" in problem_document(EncryptedPdf(name="x.pdf")).hint
    assert problem_document(CatalogDiskFull(host="h", database="d")).hint == HINTS[StorageFull]
