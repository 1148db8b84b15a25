"""``python -m benchmarks.pages``: how soon pages are there, as a browser sees it, and what they weigh.

On the sample papers, in chromium on the same machine. The floor is what the same browser takes to ask
``/healthz``. Painted is when the frame after the first result is there has been drawn. Then a knowledge base
of thousands of made-up papers, and one paper of hundreds of pages; ``--only-large`` leaves out all else.
"""

import argparse
from statistics import median

from playwright.sync_api import Page, Response

from benchmarks.large_pages import print_large
from benchmarks.machine import describe, heading
from benchmarks.reading_room import ReadingRoom, reading_room
from benchmarks.running_server import percentile
from benchmarks.screenshots import PAGES

GOAL_PAINTED, GOAL_PICTURE, GOAL_WEIGHT = 300.0, 200.0, 150_000
_WORDS = (
    "attention",
    "long",
    "documents",
    "memory",
    "kernel",
    "features",
    "exact",
    "retrieval",
    "passages",
    "gradient",
    "boosted",
    "trees",
    "corals",
    "bleaching",
    "heat",
    "hashing",
    "recurrence",
    "segments",
    "rotary",
    "positions",
    "extrapolation",
    "sparse",
)
# Counts from Enter to the frame after the one in which a result of this question stands.
_STOPWATCH = """(() => {
    let from = 0;
    const pressed = (event) => { if (event.key === 'Enter') from = performance.now(); };
    document.addEventListener('keydown', pressed, true);
    document.addEventListener('htmx:afterSwap', (event) => {
        if (event.target.id !== 'answer' || !document.querySelector('#hit-1')) return;
        requestAnimationFrame(() => requestAnimationFrame(() => {
            (window.painted ??= []).push(performance.now() - from);
        }));
    });
})()"""
_TIMED = """async (addresses) => {
    const took = [];
    for (const address of addresses) {
        const from = performance.now();
        const answer = await fetch(address, { cache: 'no-store' });
        const body = await answer.blob();
        if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
        if (body.type.startsWith('image/')) (await createImageBitmap(body)).close();
        took.push(performance.now() - from);
    }
    return took;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=50, help="how many are asked")
    parser.add_argument("--papers", type=int, default=5000, help="of the large knowledge base")
    parser.add_argument("--pages", type=int, default=600, help="of the long paper")
    parser.add_argument("--only-large", action="store_true")
    options = parser.parse_args()
    with reading_room() as room:
        print(heading("Pages"))
        print(f"{describe()}, chromium {room.browser.version}")
        if not options.only_large:
            _print_usual(room, options.questions)
        print_large(room, options.papers, options.pages)


def _print_usual(room: ReadingRoom, questions: int) -> None:
    """Print what is seen every day: an answer, page images, and the weight of each page."""
    page = room.browser.new_context(base_url=room.url, storage_state=room.state).new_page()
    page.add_init_script(_STOPWATCH)
    print("\n| what | n | p50 | p95 | target |\n|---|---|---|---|---|")
    page.goto("/")
    _row("floor: `/healthz`", page.evaluate(_TIMED, ["/healthz"] * 50), None)
    _row("Enter to the first result painted", _painted(page, questions), GOAL_PAINTED)
    pictures = _pictures(room)
    _row("page image, 800 pixels, first time", page.evaluate(_TIMED, pictures), GOAL_PICTURE)
    wide = [address.replace("800", "1600") for address in pictures]
    _row("page image, 1600 pixels, first time", page.evaluate(_TIMED, wide), GOAL_PICTURE)
    _row("page image, again", page.evaluate(_TIMED, pictures), GOAL_PICTURE)
    print("\n| page | script and style | target |\n|---|---|---|")
    for name, weight in _weights(room, page).items():
        print(f"| {name} | {weight / 1000:.1f} kB | {GOAL_WEIGHT // 1000} kB |")
    page.context.close()


def _row(what: str, milliseconds: list[float], goal: float | None) -> None:
    target = "" if goal is None else f"{goal:.0f} ms"
    middle, late = median(milliseconds), percentile(milliseconds, 0.95)
    print(f"| {what} | {len(milliseconds)} | {middle:.0f} ms | {late:.0f} ms | {target} |")


def _painted(page: Page, count: int) -> list[float]:
    """Return how long each question took; no two are the same, so that nothing was asked before."""
    for number in range(count):
        first, second = _WORDS[number % len(_WORDS)], _WORDS[(7 * number + 3) % len(_WORDS)]
        page.locator("#q").fill(f"{first} and {second} {number}")
        page.keyboard.press("Enter")
        page.wait_for_function("count => (window.painted ?? []).length > count", arg=number)
    found: list[float] = page.evaluate("window.painted")
    return found


def _pictures(room: ReadingRoom) -> list[str]:
    """Return the addresses of the first two pages of every paper."""
    papers = (f"/api/v1/knowledge-bases/{room.base}/papers/{each}" for each in room.papers.values())
    return [f"{paper}/pages/{number}.png?width=800" for paper in papers for number in (1, 2)]


def _weights(room: ReadingRoom, page: Page) -> dict[str, int]:
    """Return the bytes of script and style of each page, as they are before compression."""
    found: dict[str, int] = {}
    for name, address in PAGES.items():
        came: list[Response] = []

        def note(answer: Response, came: list[Response] = came) -> None:
            came.append(answer)

        page.on("response", note)
        paper = room.paper("bigbird-random-sparse-attention.pdf")
        answer = page.goto(address.format(base=room.base, paper=paper, question="attention"))
        page.wait_for_load_state("networkidle")
        page.remove_listener("response", note)
        if answer is not None and answer.status == 200:
            kinds = ("script", "stylesheet")
            found[name] = sum(len(each.body()) for each in came if each.request.resource_type in kinds)
    return found


if __name__ == "__main__":
    main()
