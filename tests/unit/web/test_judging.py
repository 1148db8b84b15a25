"""Judging on the search page: said below a result, shown when the question is asked again, taken back."""

from collections.abc import Iterator

import pytest

from carrel.core.calibration import Calibration
from carrel.storage import calibrations
from tests.unit.web import world
from tests.unit.web.world import House, house


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("judging")) as opened:
        yield opened


def pressed(opened: House, who: str, question: str = "whales+sing") -> list[str]:
    """Return the names of the pressed buttons of the whales' paper."""
    page = world.tree(opened.see(f"/?q={question}&mode=lexical", who))
    (hit,) = page.xpath("//li[@data-paper=$paper]", paper=opened.paper)
    return [each.get("class").split("-")[-1] for each in hit.xpath(".//button[@aria-pressed='true']")]


def test_a_viewer_judges_with_and_without_scripts(opened: House) -> None:
    address = opened.at("/shelves/{base}/papers/{paper}/judge") + "?rank=1"
    said = opened.send(address, "viewer", q="Whales sing", grade="2", back="/?q=whales+sing")
    assert (said.status_code, said.headers["location"]) == (303, "/?q=whales+sing#hit-1")
    assert pressed(opened, "viewer") == pressed(opened, "viewer", "WHALES++sing") == ["this"]
    assert pressed(opened, "owner") == pressed(opened, "viewer", "whales") == []
    part = opened.lab.client.post(
        address,
        data={"csrf": world.CSRF, "q": "whales sing", "grade": "0"},
        headers={"Cookie": "carrel_session=viewer-session", "HX-Request": "true"},
    )
    assert [each.get("aria-pressed") for each in world.tree(part).xpath("//button")] == [
        "false",
        "true",
        "false",
    ]
    assert pressed(opened, "viewer") == ["no"]
    for _ in "twice":
        assert opened.send(address, "viewer", q="whales sing", grade="").status_code == 303
    assert pressed(opened, "viewer") == []
    assert opened.send(address, "stranger", q="whales", grade="1").status_code == 404


def test_an_owner_sees_and_takes_back_what_all_said_and_brings_more(opened: House) -> None:
    address = opened.at("/shelves/{base}/papers/{paper}/judge") + "?rank=1"
    for who in ("viewer", "owner"):
        opened.send(address, who, q="<b>krill</b>", grade="1")
    base = f"/shelves/{opened.base.id}"
    assert opened.see(f"{base}/judgments", "viewer").text.count("&lt;b&gt;krill&lt;/b&gt;") == 1
    rows = world.tree(opened.see(f"{base}/judgments", "owner")).xpath("//input[@name='judgment']/@value")
    assert len(rows) == 2
    for row in rows:
        opened.send(f"{base}/judgments/take-back", "owner", judgment=row)
    assert world.tree(opened.see(f"{base}/judgments", "owner")).xpath("//input[@name='judgment']") == []
    (form,) = world.tree(opened.see(f"{base}/settings", "owner")).xpath("//section[@id='judgments']//form")
    cookie = {"Cookie": "carrel_session=owner-session"}
    queries, qrels = b'\xef\xbb\xbf{"_id": "1", "text": "song"}', f"1\t{opened.paper}\t2\n1\tgone\t1".encode()
    for files, status in (([queries, qrels], 303), ([queries], 422), ([queries, b"1\tx"], 422)):
        sent = opened.lab.client.post(
            form.get("action"),
            files=[("files", ("a.txt", content)) for content in files],
            headers=cookie,
            follow_redirects=False,
        )
        assert sent.status_code == status
    assert "song" in opened.see(f"{base}/judgments?brought=1&unknown=1", "owner").text
    exported = opened.see(f"{base}/judgments/export?file=qrels", "owner").text
    assert exported.split("\n")[1].endswith(f"\t{opened.paper}\t2")


def test_the_settings_say_how_much_meaning_counts_and_why(opened: House) -> None:
    address = opened.at("/shelves/{base}/settings")
    (line,) = world.tree(opened.see(address)).xpath("//dd[@id='weights']")
    assert line.text_content() == "Meaning counts 0.80, words 0.20. That is the default."
    found = Calibration(0.65, 0.8, 200, 31, 500, 40, "2026-11-30T12:00:00.000+00:00")
    with opened.lab.world.services.catalog.write() as tx:
        calibrations.put(tx, opened.base, found)
    (line,) = world.tree(opened.see(address)).xpath("//dd[@id='weights']")
    assert line.text_content().startswith("Meaning counts 0.65, words 0.35. Found out on 200 sentences")
    one = opened.lab.client.get(
        f"/api/v1/knowledge-bases/{opened.base.id}", headers={"Cookie": "carrel_session=viewer-session"}
    )
    assert one.json()["meaning_share"] == 0.65
