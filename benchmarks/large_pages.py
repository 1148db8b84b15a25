"""What large things cost on the pages: a knowledge base of thousands of papers, a paper of hundreds of pages.

A page is usable once it is loaded, its scripts have run and the browser has nothing left to do. Memory is
what is left after the garbage was collected: of the scripts' objects, and of the tab's whole process.
"""

import json
import random
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pypdfium2
from playwright.sync_api import Browser, CDPSession, Page

from benchmarks.reading_room import NAME, PAPERS, ReadingRoom
from carrel.core.ids import paper_id
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.metadata import Metadata
from carrel.core.quality import ParseQuality
from carrel.storage import holdings, knowledge_bases, papers, readings
from carrel.storage.database import Transaction, open_database

_VISITS = 5
_PATIENCE_SECONDS = 1800.0
_AT_ONCE = 500
_PASSAGES_A_PAPER = 60
_WORDS = ("attention", "memory", "kernel", "retrieval", "gradient", "sparse", "coral", "glacier", "violin")
_NAMES = ("Ada Lovelace", "Grace Hopper", "李明", "Emmy Noether", "Srinivasa Ramanujan", "王芳")
# When the page is loaded and the browser idle. Two frames: what was laid out has been drawn.
_USABLE = """window.usable = new Promise((told) => addEventListener('load', () =>
    requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(() =>
        told(performance.now()))))));"""
_FILTERED = """word => new Promise((told) => {
    const from = performance.now();
    const field = document.getElementById('words');
    document.addEventListener('htmx:afterSettle', () => requestAnimationFrame(() => requestAnimationFrame(
        () => told(performance.now() - from))), { once: true });
    field.value = word;
    field.dispatchEvent(new Event('input', { bubbles: true }));
})"""


@dataclass(frozen=True)
class Seen:
    """What a page took: milliseconds, bytes of the scripts' objects and of the process, elements."""

    usable: float
    heap: float
    process: float
    elements: float


def print_large(room: ReadingRoom, count: int, pages: int) -> None:
    """Print the tables of a knowledge base of so many papers and a paper of so many pages."""
    base = _fill(room, count)
    shelf = f"/shelves/{base}"
    addresses = {
        f"a knowledge base of {count:,} papers": shelf,
        "the same, by title": f"{shelf}?order=title",
        "the same, one word in the title": f"{shelf}?words={_WORDS[0]}",
        "the library at a glance": "/glance",
        f"a paper of {pages} pages": _book(room, pages),
        "a paper of the samples": room.paper("bigbird-random-sparse-attention.pdf"),
    }
    print("\n| page | usable, median of 5 | slowest | scripts' memory | tab's memory | elements |")
    print("|---|---|---|---|---|---|")
    for name, address in addresses.items():
        seen = [_visit(room, address) for _ in range(_VISITS)]
        heap, process, elements = (
            median(getattr(each, what) for each in seen) for what in ("heap", "process", "elements")
        )
        times = [each.usable for each in seen]
        print(
            f"| {name} | {median(times):.0f} ms | {max(times):.0f} ms | {heap / 1e6:.1f} MB"
            f" | {process / 1e6:.0f} MB | {elements:,.0f} |"
        )
    times = _filtered(room, shelf)
    print(
        f"\nA word typed over {count:,} papers until the table is drawn, the quarter of a second included"
        f" that it waits for the next letter: {median(times):.0f} ms,"
        f" slowest of {len(times)} {max(times):.0f} ms."
    )


def _visit(room: ReadingRoom, address: str) -> Seen:
    """Open a page in a window of its own, with nothing in its cache."""
    context = room.browser.new_context(base_url=room.url, storage_state=room.state)
    page = context.new_page()
    page.add_init_script(_USABLE)
    answer = page.goto(address)
    if answer is None or answer.status != 200:
        raise RuntimeError(f"{address}: {answer and answer.status}")
    usable = float(page.evaluate("window.usable"))
    elements = float(page.evaluate("document.getElementsByTagName('*').length"))
    tools = context.new_cdp_session(page)
    seen = Seen(usable, _heap(tools), _largest_tab(room.browser), elements)
    context.close()
    return seen


def _heap(tools: CDPSession) -> float:
    tools.send("HeapProfiler.collectGarbage")
    tools.send("Performance.enable")
    metrics = tools.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "JSHeapUsedSize"))


def _largest_tab(browser: Browser) -> float:
    """Return the bytes of the largest process that draws pages: what it shares, in equal parts."""
    tools = browser.new_browser_cdp_session()
    processes = tools.send("SystemInfo.getProcessInfo")["processInfo"]
    tools.detach()
    return max(_own_bytes(int(each["id"])) for each in processes if each["type"] == "renderer")


def _own_bytes(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0  # it has just ended
    return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _filtered(room: ReadingRoom, shelf: str) -> list[float]:
    context = room.browser.new_context(base_url=room.url, storage_state=room.state)
    page = context.new_page()
    page.goto(shelf)
    page.wait_for_load_state("networkidle")
    times = [_typed(page, word) for word in _WORDS]
    context.close()
    return times


def _typed(page: Page, word: str) -> float:
    return float(page.evaluate(_FILTERED, word))


def _fill(room: ReadingRoom, count: int) -> str:
    """Make a knowledge base of so many made-up papers, as the catalog has them; return its id.

    They are in no index: only their list is looked at.
    """
    base = _new_base(room, "thousands")
    chance = random.Random(6)
    with closing(open_database(room.server.home)) as catalog:
        with catalog.read() as tx:
            shelf = knowledge_bases.by_id(tx, base)
        for first in range(0, count, _AT_ONCE):
            with catalog.write() as tx:
                for _ in range(first, min(first + _AT_ONCE, count)):
                    _hold(tx, shelf, chance)
    return base


def _hold(tx: Transaction, shelf: KnowledgeBase, chance: random.Random) -> None:
    sha256 = chance.randbytes(32).hex()
    paper = paper_id(sha256)
    metadata = Metadata(
        title=" ".join(chance.choices(_WORDS, k=9)).capitalize(),
        authors=tuple(chance.sample(_NAMES, k=3)),
        abstract="Attention is compared with recurrence on documents of many pages. " * 12,
        year=chance.randint(1985, 2026),
        venue=f"Journal of {chance.choice(_WORDS).title()} Studies",
        language=chance.choice(("en", "en", "zh")),
    )
    papers.register(tx, paper, sha256, chance.randint(200_000, 4_000_000))
    readings.note(tx, shelf, paper, readings.Reading(chance.randint(4, 40), metadata, ParseQuality()))
    holdings.hold(tx, shelf, holdings.Holding(paper, f"{sha256[:12]}.pdf", _PASSAGES_A_PAPER, "", ""))


def _book(room: ReadingRoom, pages: int) -> str:
    """Bring in a paper of so many pages, those of the samples again and again; return its page's address."""
    file = room.server.home / f"book-of-{pages}-pages.pdf"
    book = pypdfium2.PdfDocument.new()
    while len(book) < pages:
        for sample in sorted(PAPERS.glob("*.pdf")):
            with closing(pypdfium2.PdfDocument(sample)) as source:
                wanted = min(len(source), pages - len(book))
                book.import_pages(source, list(range(wanted)))
    book.save(file)
    base = _new_base(room, "a book")
    client = room.server.client()
    client.upload(base, [file])
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        _, body = client.ask("GET", f"/api/v1/knowledge-bases/{base}/papers")
        found = json.loads(body)["items"]
        if found and found[0]["state"] == "ready":
            return f"/shelves/{base}/papers/{found[0]['id']}"
        if found and found[0]["state"] == "failed":
            break
        time.sleep(1.0)
    raise RuntimeError("the book did not become searchable")


def _new_base(room: ReadingRoom, name: str) -> str:
    """Make a knowledge base that the administrator owns, too; return its id."""
    client = room.server.client()
    base = str(client.json("POST", "/api/v1/knowledge-bases", {"name": name})["id"])
    client.json("PUT", f"/api/v1/knowledge-bases/{base}/members/{NAME}", {"role": "owner"})
    return base
