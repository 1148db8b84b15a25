"""Papers over HTTP: uploaded, listed, looked at, read in part, drawn, searched, taken out."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import pytest

from carrel.api.rest.multipart import shown_file_name
from carrel.core.accounts import Role
from carrel.core.ports import BlobStore, StagedBlob
from carrel.core.ranking import MOST_RESULTS
from carrel.storage import members
from tests.integration.worlds import fake_paper
from tests.unit.api.rest.lab import API, Lab, lab
from tests.unit.parsing import samples


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as opened:
        yield opened


def paper(title: str) -> bytes:
    return fake_paper(title, f"This paper is about {title.lower()} and about little else.")


def test_from_upload_to_search(opened: Lab) -> None:
    base = opened.base()
    url = f"{API}/knowledge-bases/{base.id}/papers"
    answer = opened.client.post(
        url,
        files=[("files", (f"{name}.pdf", paper(name), "application/pdf")) for name in ("Whales", "Bees")],
        headers=opened.as_("editor"),
    )
    assert answer.status_code == 202, answer.text
    jobs = answer.json()["jobs"]
    assert [(each["file_name"], each["state"], each["duplicate"]) for each in jobs] == [
        ("Whales.pdf", "queued", False),
        ("Bees.pdf", "queued", False),
    ]
    viewer = opened.as_("viewer")
    assert {each["state"] for each in opened.client.get(url, headers=viewer).json()["items"]} == {"queued"}
    opened.world.work()
    listed = opened.client.get(url, params={"sort": "title", "state": "ready"}, headers=viewer).json()[
        "items"
    ]
    assert [each["title"] for each in listed] == ["Bees", "Whales"]
    assert opened.client.get(f"{API}/jobs/{jobs[0]['id']}", headers=viewer).json()["state"] == "done"
    found = opened.client.post(f"{API}/search", json={"query": "whales", "limit": 1}, headers=viewer)
    assert found.json()["results"][0]["paper"]["id"] == jobs[0]["paper_id"]
    assert (
        opened.client.post(f"{API}/search", json={"query": "whales"}, headers=opened.as_("stranger")).json()[
            "results"
        ]
        == []
    )
    one = f"{url}/{jobs[0]['paper_id']}"
    document = opened.client.get(one, headers=viewer)
    assert document.json()["passages"] == 2
    assert document.json()["bytes"] == len(paper("Whales"))
    passages = opened.client.get(f"{one}/passages", params={"limit": 1}, headers=viewer).json()
    assert len(passages["items"]) == 1
    assert passages["next"]
    outline = opened.client.get(f"{one}/outline", headers=viewer).json()["headings"]
    assert [each["text"] for each in outline] == ["Introduction", "Results"]
    near = opened.client.get(f"{one}/similar", headers=viewer).json()["results"]
    assert [each["paper"]["id"] for each in near] == [jobs[1]["paper_id"]]
    assert opened.client.delete(one, headers=viewer).status_code == 403
    unseen = opened.client.delete(one, headers=opened.as_("editor") | {"If-Match": '"other"'})
    assert (unseen.status_code, unseen.json()["kind"]) == (412, "changed-meanwhile")
    seen = opened.as_("editor") | {"If-Match": document.headers["etag"]}
    assert opened.client.delete(one, headers=seen).status_code == 204
    assert opened.client.get(one, headers=viewer).json()["kind"] == "paper-missing"


def test_what_can_be_got_can_be_asked_for_its_head(opened: Lab) -> None:
    base = opened.base()
    accepted = opened.world.accept_bytes("Whales.pdf", paper("Whales"), base.id)
    opened.world.work()
    one = f"{API}/knowledge-bases/{base.id}/papers/{accepted.paper_id}"
    for path in (API + "/knowledge-bases", one, f"{one}/file", f"{one}/passages", "/healthz", "/readyz"):
        got, head = (
            opened.client.request(method, path, headers=opened.as_("viewer")) for method in ("GET", "HEAD")
        )
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-length", "content-type", "etag"):
            assert head.headers.get(name) == got.headers.get(name)
    assert opened.client.head(one).status_code == 401
    assert opened.client.head(f"{API}/search", headers=opened.as_("viewer")).status_code == 405


def test_pages_of_papers_and_words(opened: Lab) -> None:
    base = opened.base()
    for number in range(7):
        opened.world.accept_bytes(f"{number}.pdf", paper(f"Title {number}"), base.id)
    opened.world.work()
    url = f"{API}/knowledge-bases/{base.id}/papers"
    for sort in ("newest", "oldest", "title", "year"):
        seen: list[str] = []
        following: str | None = ""
        while following is not None:
            params = {"sort": sort, "limit": "3"} | ({"cursor": following} if following else {})
            answer = opened.client.get(url, params=params, headers=opened.as_("viewer")).json()
            seen.extend(each["id"] for each in answer["items"])
            following = answer["next"]
        assert len(seen) == len(set(seen)) == 7
    for words, count in (("TITLE 3", 1), ("%", 0), ("_", 0), ("' OR 1=1 --", 0), ("", 7)):
        answer = opened.client.get(url, params={"q": words}, headers=opened.as_("viewer"))
        assert len(answer.json()["items"]) == count


def test_the_same_file_by_many_at_once_is_one_paper(opened: Lab) -> None:
    base = opened.base()
    content = paper("Whales")

    def add(number: int) -> dict[str, object]:
        answer = opened.client.post(
            f"{API}/knowledge-bases/{base.id}/papers",
            files=[("files", (f"{number}.pdf", content, "application/pdf"))],
            headers=opened.as_("editor"),
        )
        assert answer.status_code in (200, 202), answer.text
        (job,) = answer.json()["jobs"]
        return dict(job)

    with ThreadPoolExecutor(16) as pool:
        jobs = list(pool.map(add, range(200)))
    assert len({str(job["paper_id"]) for job in jobs}) == 1
    assert len({str(job["id"]) for job in jobs}) == 1
    assert sum(not job["duplicate"] for job in jobs) == 1
    opened.world.work()
    assert opened.world.index(base.id).counts()[0] == 1
    assert list((opened.world.folder / "home" / "uploads").iterdir()) == []


def test_files_that_cannot_be_papers_fail_alone(opened: Lab) -> None:
    base = opened.base()
    url = f"{API}/knowledge-bases/{base.id}/papers"
    files = [
        ("empty.pdf", b""),
        ("page.pdf", b"<html>"),
        ("good.pdf", paper("Good")),
        ("sheet.xlsx", b"PK\3\4xl/workbook.xml"),
    ]
    answer = opened.client.post(url, files=[("files", each) for each in files], headers=opened.as_("editor"))
    assert answer.status_code == 202
    assert [each["kind"] for each in answer.json()["failed"]] == [
        "empty-file",
        "not-a-pdf",
        "unsupported-format",
    ]
    alone = opened.client.post(url, files=[("files", files[0])], headers=opened.as_("editor"))
    assert (alone.status_code, alone.json()["kind"]) == (422, "empty-file")
    assert "empty.pdf" in alone.json()["detail"]


class Interrupted:
    """A blob store that lets something happen before a file is stored."""

    def __init__(self, blobs: BlobStore, happens: Callable[[], object]) -> None:
        self._blobs = blobs
        self._happens = happens

    def __getattr__(self, name: str) -> object:
        return getattr(self._blobs, name)

    def staged(self, stream: BinaryIO) -> AbstractContextManager[StagedBlob]:
        self._happens()
        return self._blobs.staged(stream)


@pytest.mark.parametrize(
    ("role", "status", "kind"),
    [
        ("deleted", 404, "knowledge-base-missing"),
        (None, 404, "knowledge-base-missing"),
        (Role.VIEWER, 403, "role-too-low"),
    ],
)
def test_who_may_no_longer_bring_papers_brings_none(
    opened: Lab, role: Role | str | None, status: int, kind: str
) -> None:
    base, services = opened.base(), opened.world.services

    def ends() -> None:
        if role == "deleted":
            services.shelves.delete(base.id)
            return
        with services.catalog.write() as tx:
            editor = opened.sign_in.keys["editor"].user_id
            members.remove(tx, base.id, editor)
            if isinstance(role, Role):
                members.set_role(tx, base.id, editor, role)

    object.__setattr__(services, "blobs", Interrupted(services.blobs, ends))
    url = f"{API}/knowledge-bases/{base.id}/papers"
    file = ("files", ("late.pdf", paper("Late")))
    answer = opened.client.post(url, files=[file], headers=opened.as_("editor"))
    assert (answer.status_code, answer.json()["kind"]) == (status, kind)
    assert list(services.blobs.list()) == []
    with services.catalog.read() as tx:
        assert tx.rows("SELECT id FROM jobs") == []


def test_a_lost_file_that_is_brought_again_is_there_again(opened: Lab) -> None:
    base = opened.base()
    url = f"{API}/knowledge-bases/{base.id}/papers"
    file = ("files", ("whales.pdf", paper("Whales")))
    editor = opened.as_("editor")
    (job,) = opened.client.post(url, files=[file], headers=editor).json()["jobs"]
    opened.world.work()
    (sha256,) = opened.world.services.blobs.list()
    opened.world.services.blobs.delete(sha256)
    answer = opened.client.post(url, files=[file], headers=editor)
    assert answer.json()["jobs"][0]["duplicate"]
    whole = opened.client.get(f"{url}/{job['paper_id']}/file", headers=editor)
    assert whole.content == paper("Whales")


def test_a_file_over_the_limit_is_refused_by_name_and_the_others_go_on(opened: Lab) -> None:
    base = opened.base()
    object.__setattr__(opened.world.services.settings, "upload_max_mb", 1)
    large = b"%PDF" + b"x" * 2**20
    url = f"{API}/knowledge-bases/{base.id}/papers"
    files = [("files", ("large.pdf", large)), ("files", ("small.pdf", paper("Small")))]
    answer = opened.client.post(url, files=files, headers=opened.as_("editor"))
    assert [each["kind"] for each in answer.json()["failed"]] == ["upload-over-limit"]
    assert [each["file_name"] for each in answer.json()["jobs"]] == ["small.pdf"]
    alone = opened.client.post(url, files=files[:1], headers=opened.as_("editor"))
    assert alone.status_code == 413
    assert list((opened.world.folder / "home" / "uploads").iterdir()) == []


FORM = "multipart/form-data; boundary=b"
FIELD = b'Content-Disposition: form-data; name="x"\r\n\r\n'


def _form(*parts: bytes, end: bytes = b"--b--\r\n") -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


def _file(name: bytes, content: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="files"; filename="' + name + b'"\r\n\r\n' + content


@pytest.mark.parametrize(
    ("kind", "content", "status", "name"),
    [
        ("application/json", b"{}", 415, "content-not-taken"),
        ("multipart/form-data", b"", 400, "upload-unreadable"),
        (FORM, b"", 400, "upload-unreadable"),
        (FORM, b"nonsense", 400, "upload-unreadable"),
        ("multipart/form-data; boundary=" + "b" * 5000, b"--", 400, "upload-unreadable"),
        (FORM, _form(), 422, "upload-has-no-files"),
        (
            "multipart/form-data; boundary=b",
            _form(FIELD + b"y"),
            422,
            "upload-has-no-files",
        ),
        (FORM, _form(_file(b"", b"")), 422, "upload-has-no-files"),
        (
            "multipart/form-data; boundary=b",
            _form(_file(b"a.pdf", b"%PDF"), end=b""),
            400,
            "upload-unreadable",
        ),
        (
            "multipart/form-data; boundary=b",
            _form(b"X: " + b"y" * 100_000 + b"\r\n\r\n"),
            400,
            "upload-unreadable",
        ),
        (FORM, _form(b"X: y\r\n" * 100 + b"\r\n"), 400, "upload-unreadable"),
        (
            "multipart/form-data; boundary=b",
            _form(*[FIELD] * 170_000),
            400,
            "upload-unreadable",
        ),
        (FORM, _form() + b"z" * (9 * 2**20), 400, "upload-unreadable"),
        (FORM, _form(*[_file(b"a.zzz", b"z")] * 1001), 413, "too-many-files"),
    ],
)
def test_uploads_that_are_broken_or_hostile(
    opened: Lab, kind: str, content: bytes, status: int, name: str
) -> None:
    base = opened.base()
    answer = opened.client.post(
        f"{API}/knowledge-bases/{base.id}/papers",
        content=content,
        headers=opened.as_("editor") | {"Content-Type": kind},
    )
    assert (answer.status_code, answer.json()["kind"]) == (status, name), answer.text
    with opened.world.services.catalog.read() as tx:
        assert tx.row("SELECT 1 FROM papers") is None
    folder = opened.world.folder / "home" / "uploads"
    assert not folder.exists() or list(folder.iterdir()) == []


def test_the_role_is_looked_at_before_the_body(opened: Lab) -> None:
    base = opened.base()
    for who, status in (("viewer", 403), ("stranger", 404), ("nobody", 401), ("reader", 403)):
        answer = opened.client.post(
            f"{API}/knowledge-bases/{base.id}/papers", content=b"nonsense", headers=opened.as_(who)
        )
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("paper.pdf", "paper.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\papers\\a.pdf", "a.pdf"),
        ("..", ""),
        ("/", ""),
        (". .", ""),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("a\0b.pdf", "ab.pdf"),
        ("rtl\u202egpj.pdf", "rtlgpj.pdf"),
        ("论文.pdf", "论文.pdf"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
    ],
)
def test_names_of_files_name_nothing_but_the_file(given: str, shown: str) -> None:
    assert shown_file_name(given) == shown


def test_a_file_comes_whole_or_in_part(opened: Lab) -> None:
    base = opened.base()
    content = paper("Whales")
    name = 'a"b;é\\.pdf'
    accepted = opened.client.post(
        f"{API}/knowledge-bases/{base.id}/papers",
        files=[("files", (name, content))],
        headers=opened.as_("editor"),
    ).json()["jobs"][0]
    url = f"{API}/knowledge-bases/{base.id}/papers/{accepted['paper_id']}/file"
    viewer = opened.as_("viewer")
    whole = opened.client.get(url, headers=viewer)
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["content-type"] == "application/pdf"
    assert "sandbox" in whole.headers["content-security-policy"]
    assert whole.headers["content-disposition"].isascii()
    tag = whole.headers["etag"]
    for asked, status, part in (
        ("bytes=0-3", 206, content[:4]),
        ("bytes=5-", 206, content[5:]),
        ("bytes=-6", 206, content[-6:]),
        ("bytes=0-99999999", 200, content),
        ("bytes=0-1,3-4", 200, content),
        ("bytes=5-2", 200, content),
        ("items=0-1", 200, content),
    ):
        answer = opened.client.get(url, headers=viewer | {"Range": asked})
        assert (answer.status_code, answer.content) == (status, part), asked
    assert (
        opened.client.get(url, headers=viewer | {"Range": "bytes=0-3"}).headers["content-range"]
        == f"bytes 0-3/{len(content)}"
    )
    outside = opened.client.get(url, headers=viewer | {"Range": "bytes=99999999-"})
    assert (outside.status_code, outside.json()["kind"]) == (416, "range-outside")
    stale = opened.client.get(url, headers=viewer | {"Range": "bytes=0-3", "If-Range": '"other"'})
    assert stale.status_code == 200
    assert opened.client.get(url, headers=viewer | {"If-None-Match": tag}).status_code == 304


def test_a_page_as_a_picture(opened: Lab) -> None:
    base = opened.base()
    content = samples.paper("Whales", pages=[(("1 Introduction", ("Whales sing and are heard by all.",)),)])
    accepted = opened.world.accept_bytes("whales.pdf", content, base.id)
    url = f"{API}/knowledge-bases/{base.id}/papers/{accepted.paper_id}/pages"
    viewer = opened.as_("viewer")
    drawn = opened.client.get(f"{url}/1.png", params={"width": 300}, headers=viewer)
    assert drawn.status_code == 200, drawn.text
    assert drawn.content.startswith(b"\x89PNG")
    assert abs(int.from_bytes(drawn.content[16:20], "big") - 300) <= 1
    again = opened.client.get(
        f"{url}/1.png", params={"width": 300}, headers=viewer | {"If-None-Match": drawn.headers["etag"]}
    )
    assert again.status_code == 304
    assert opened.client.get(f"{url}/1.png", params={"width": 4000}, headers=viewer).status_code == 422
    assert opened.client.get(f"{url}/0.png", headers=viewer).status_code == 422
    assert opened.client.get(f"{url}/9.png", headers=viewer).status_code in (404, 422)


def test_jobs_are_given_up_and_asked_for_again(opened: Lab) -> None:
    base = opened.base()
    opened.world.accept_bytes("a.pdf", paper("A"), base.id)
    (job,) = opened.client.get(f"{API}/jobs", headers=opened.as_("viewer")).json()["items"]
    url = f"{API}/jobs/{job['id']}"
    assert opened.client.post(f"{url}/cancel", headers=opened.as_("viewer")).status_code == 403
    assert opened.client.post(f"{url}/cancel", headers=opened.as_("stranger")).status_code == 404
    assert opened.client.post(f"{url}/cancel", headers=opened.as_("editor")).json()["state"] == "cancelled"
    assert opened.client.post(f"{url}/retry", headers=opened.as_("editor")).json()["state"] == "queued"
    assert opened.client.get(f"{API}/jobs", headers=opened.as_("stranger")).json()["items"] == []
    assert (
        opened.client.get(f"{API}/jobs", params={"state": "failed"}, headers=opened.as_("viewer")).json()[
            "items"
        ]
        == []
    )


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ({"author": "lovelace"}, ["Bees"]),
        ({"author": ["lovelace", "wei zhang"]}, ["Bees", "Whales"]),
        ({"venue": "nature"}, ["Whales"]),
        ({"venue": ["nature", "science"], "year": 2020}, ["Bees"]),
        ({"language": "zh"}, ["Whales"]),
        ({"language": ["zh", "en"]}, ["Ants", "Bees", "Whales"]),
        ({"year": "", "author": "", "venue": [], "language": ""}, ["Ants", "Bees", "Whales"]),
    ],
)
def test_filters_take_one_name_or_several(opened: Lab, filters: dict[str, object], titles: list[str]) -> None:
    fill(opened)
    body = {"query": "little else", "filters": filters}
    found = opened.client.post(f"{API}/search", json=body, headers=opened.as_("viewer")).json()["results"]
    assert sorted(each["paper"]["title"] for each in found) == titles


def test_facets_come_where_they_are_asked_for(opened: Lab) -> None:
    fill(opened)
    body: dict[str, object] = {"query": "little else", "limit": 1}
    plain = opened.client.post(f"{API}/search", json=body, headers=opened.as_("viewer")).json()
    assert "facets" not in plain
    body["facets"] = True
    facets = opened.client.post(f"{API}/search", json=body, headers=opened.as_("viewer")).json()["facets"]
    assert facets["papers"] == 3
    assert facets["years"] == [
        {"value": "2020", "count": 1, "name": "2020"},
        {"value": "2019", "count": 1, "name": "2019"},
    ]
    assert facets["languages"][0] == {"value": "en", "count": 2, "name": "en"}
    assert [each["count"] for each in facets["knowledge_bases"]] == [3]
    stranger = opened.client.post(f"{API}/search", json=body, headers=opened.as_("stranger")).json()
    assert stranger["facets"]["papers"] == 0


def fill(opened: Lab) -> None:
    """Bring three papers in, each of another venue, year, language and author."""
    url = f"{API}/knowledge-bases/{opened.base().id}/papers"
    for title, header in (
        ("Whales", {"authors": "Wei Zhang", "venue": "Nature", "year": "2019", "language": "zh"}),
        ("Bees", {"authors": "Ada Lovelace", "venue": "Science", "year": "2020"}),
        ("Ants", {}),
    ):
        content = fake_paper(title, f"This paper is about {title.lower()} and about little else.", **header)
        opened.client.post(
            url,
            files=[("files", (f"{title}.pdf", content, "application/pdf"))],
            headers=opened.as_("editor"),
        )
    opened.world.work()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"query": "  "}, "empty-query"),
        ({"query": " ".join(f"-zq{chr(97 + n)}" for n in range(17))}, "too-many-conditions"),
        ({"query": "x", "filters": {"year": "soon"}}, "invalid-filter"),
        ({"query": "x", "filters": {"publisher": "y"}}, "fields-unusable"),
        ({"query": "x", "filters": {"venue": ["y", 1]}}, "fields-unusable"),
        ({"query": "x", "filters": {"language": ["Klingon"]}}, "invalid-filter"),
        ({"query": "x", "limit": 0}, "fields-unusable"),
        ({"query": "x", "limit": MOST_RESULTS + 1}, "fields-unusable"),
        ({"query": "x", "mode": "magic"}, "fields-unusable"),
        ({"query": "x", "knowledge_bases": ["nothing"]}, "knowledge-base-missing"),
        ({"query": "x", "rerank": True}, "no-reranker-configured"),
    ],
)
def test_searches_that_cannot_be_made(opened: Lab, body: dict[str, object], kind: str) -> None:
    answer = opened.client.post(f"{API}/search", json=body, headers=opened.as_("owner"))
    assert (answer.status_code // 100, answer.json()["kind"]) == (4, kind)


def test_models_are_listed(opened: Lab) -> None:
    items = opened.client.get(f"{API}/models", headers=opened.as_("viewer")).json()["items"]
    assert [(each["name"], each["default"]) for each in items] == [("all-MiniLM-L6-v2", True)]
