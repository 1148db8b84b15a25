"""The pages in a browser, for benchmarks and screenshots: a server with the sample papers, and its people."""

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, StorageState, sync_playwright

from benchmarks.running_server import Running, running

PAPERS = Path(__file__).resolve().parents[1] / "examples" / "papers"
NAME, PASSWORD = "ada", "a quiet reading room"
_PATIENCE = 300.0


@dataclass(frozen=True)
class ReadingRoom:
    """A server with the samples and a few people, and a browser for it."""

    url: str
    browser: Browser
    server: Running
    state: StorageState  # ada's, the administrator's
    base: str
    papers: dict[str, str]  # id by file name

    def paper(self, file: str) -> str:
        """Return the address of a paper's page."""
        return f"/shelves/{self.base}/papers/{self.papers[file]}"


@contextmanager
def reading_room() -> Iterator[ReadingRoom]:
    """Start it on a fresh data folder; it is gone afterwards."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not on this machine: apt-get install chromium fonts-noto-cjk")
    with running() as server, sync_playwright() as playwright:
        server.client().json("POST", "/api/v1/setup", {"name": NAME, "password": PASSWORD})
        for name in ("bob", "grace"):
            server.client().json("POST", "/api/v1/users", {"name": name, "password": PASSWORD})
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        url = f"http://{server.host}:{server.port}"
        page = browser.new_page(base_url=url)
        page.goto("/sign-in")
        page.locator("#name").fill(NAME)
        page.locator("#password").fill(PASSWORD)
        page.locator("main form button").click()
        page.wait_for_url(url + "/")
        page.goto("/welcome/library")
        page.locator("button[value=samples]").click()
        page.wait_for_url("**/shelves/*")
        base = page.url.partition("/shelves/")[2].partition("?")[0]
        papers = _once_searchable(server, base, len(list(PAPERS.glob("*.pdf"))))
        yield ReadingRoom(url, browser, server, page.context.storage_state(), base, papers)
        browser.close()


def broken_file(room: ReadingRoom) -> None:
    """Add a file that cannot be read, so that there is a failure to be seen."""
    content = next(PAPERS.glob("*.pdf")).read_bytes()[:400] + b"\0" * 400
    file = Path("torn-off-download.pdf")
    boundary = b"a-boundary"
    head = b'Content-Disposition: form-data; name="files"; filename="%s"' % file.name.encode()
    body = b"--%s\r\n%s\r\n\r\n%s\r\n--%s--\r\n" % (boundary, head, content, boundary)
    kind = f"multipart/form-data; boundary={boundary.decode()}"
    status, _ = room.server.client().ask("POST", f"/api/v1/knowledge-bases/{room.base}/papers", body, kind)
    if status >= 400:
        raise RuntimeError(f"upload: {status}")
    _wait_for(lambda: _states(room.server, room.base).count("failed") == 1)


def _once_searchable(server: Running, base: str, wanted: int) -> dict[str, str]:
    _wait_for(lambda: _states(server, base).count("ready") == wanted)
    return {str(item["file"]): str(item["id"]) for item in _papers(server, base)}


def _states(server: Running, base: str) -> list[str]:
    return [str(item.get("state", "")) for item in _papers(server, base)]


def _papers(server: Running, base: str) -> list[dict[str, object]]:
    _, body = server.client().ask("GET", f"/api/v1/knowledge-bases/{base}/papers?limit=100")
    found: list[dict[str, object]] = json.loads(body)["items"]
    return found


def _wait_for(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if done():
            return
        time.sleep(0.2)
    raise RuntimeError("the papers did not become searchable")
