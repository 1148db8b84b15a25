"""Who did what with papers and jobs stands in the audit log, with what was done."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import Response

from carrel.core.audit import Action
from carrel.core.rebuild import Change
from carrel.library.auditing import record
from carrel.storage.database import Transaction
from tests.integration.worlds import fake_paper
from tests.unit.api.rest.lab import API, Lab, lab


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as opened:
        yield opened


def entries(opened: Lab) -> list[tuple[str, str, dict[str, str]]]:
    """Return who did what with which details, the newest first, but for how it all began."""
    logged = opened.client.get(f"{API}/audit", headers=opened.as_("administrator")).json()["items"]
    return [
        (each["user_name"], each["action"], each["detail"])
        for each in logged
        if each["action"] != "knowledge-base-create"
    ]


def upload(opened: Lab, base: str, *titles: str) -> Response:
    files = [
        ("files", (f"{title}.pdf", fake_paper(title, f"About {title.lower()}."), "application/pdf"))
        for title in titles
    ]
    return opened.client.post(
        f"{API}/knowledge-bases/{base}/papers", files=files, headers=opened.as_("editor")
    )


def test_an_upload_is_one_entry_and_a_paper_taken_out_another(opened: Lab) -> None:
    base = opened.base()
    taken = upload(opened, base.id, "Whales", "Bees").json()["jobs"]
    assert upload(opened, base.id, "Bees").json()["jobs"][0]["duplicate"]
    paper = f"{API}/knowledge-bases/{base.id}/papers/{taken[0]['paper_id']}"
    assert opened.client.delete(paper, headers=opened.as_("viewer")).status_code == 403
    assert opened.client.delete(paper, headers=opened.as_("editor")).status_code == 204
    assert entries(opened) == [
        ("editor", "paper-remove", {"file": "Whales.pdf", "knowledge_bases": base.name}),
        ("editor", "papers-add", {"files": "2", "first": "Whales.pdf"}),
    ]


def test_an_upload_that_breaks_off_is_entered_with_what_was_taken(opened: Lab) -> None:
    base = opened.base()
    whole = fake_paper("Whales", "About whales.")
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="Whales.pdf"\r\n\r\n'
    answer = opened.client.post(
        f"{API}/knowledge-bases/{base.id}/papers",
        content=head + whole + b"\r\n--x\r\nContent-Disposition: form-data; name",
        headers={**opened.as_("editor"), "Content-Type": "multipart/form-data; boundary=x"},
    )
    assert answer.status_code == 400, answer.text
    assert entries(opened) == [("editor", "papers-add", {"files": "1", "first": "Whales.pdf"})]


def test_jobs_given_up_and_tried_again_and_a_pause(opened: Lab) -> None:
    base = opened.base()
    job = upload(opened, base.id, "Whales").json()["jobs"][0]["id"]
    for step in ("retry", "cancel", "cancel", "retry"):  # of which the first and the third do nothing
        answer = opened.client.post(f"{API}/jobs/{job}/{step}", headers=opened.as_("editor"))
        assert answer.status_code == 200
    for paused in (True, True, False):
        url = f"{API}/knowledge-bases/{base.id}"
        assert (
            opened.client.patch(url, json={"paused": paused}, headers=opened.as_("owner")).status_code == 200
        )
    assert [entry[:2] for entry in entries(opened)] == [
        ("owner", "knowledge-base-configure"),
        ("owner", "knowledge-base-configure"),
        ("editor", "job-retry"),
        ("editor", "job-cancel"),
        ("editor", "papers-add"),
    ]
    assert entries(opened)[2][2] == {"file": "Whales.pdf", "knowledge_base": base.id}


def test_a_step_of_a_reindex_that_cannot_be_entered_is_not_taken(opened: Lab) -> None:
    base = opened.base()
    opened.world.add("Glaciers", kb=base.id)
    rebuilds = opened.world.services.rebuilds()

    def fails(tx: Transaction) -> None:
        record(tx, opened.sign_in.keys["owner"], Action.KNOWLEDGE_BASE_REINDEX, base.id)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        rebuilds.begin(base, Change(), note=fails)
    assert rebuilds.status(base).under_way is None
    assert entries(opened) == []
