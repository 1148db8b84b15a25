"""Known items: does a paper's own title, abstract sentence or passage find it, and on the right page?

Over the 80 real papers with known titles and abstracts. Run: ``python -m benchmarks.known_items``
(``--draws N`` passages a paper, ``--seed``, ``--misses`` to print what was missed).
"""

import argparse
import json
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pypdfium2 as pdfium

from benchmarks.machine import describe, heading
from carrel.bootstrap import Services, open_services
from carrel.cli.add import bring_in
from carrel.cli.progress import Lines
from carrel.config import load_settings
from carrel.core.errors import EmptyQuery
from carrel.core.ranking import Hit, Query
from carrel.ingest.accept import accept

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "pdf"
_WINDOW_WORDS = 60
_DELETED_SHARE = 1 / 3
_FEWEST_WORDS = 30
_REFERENCES = {"References", "REFERENCES", "Bibliography"}


@dataclass(frozen=True, slots=True)
class Item:
    """A query whose paper, and perhaps page, is known."""

    kind: str
    query: str
    file: str
    page: int | None = None


def truths() -> list[dict[str, object]]:
    """Return the manifest rows of the papers with known metadata."""
    rows = [json.loads(line) for line in (DATA / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if "truth" in row and not row["file"].startswith("pdf/weird")]


def items(rows: list[dict[str, object]], draws: int, seed: int) -> Iterator[Item]:
    """Yield the known items of every paper; the same seed draws the same passages."""
    for row in rows:
        file = str(row["file"])
        truth = row["truth"]
        assert isinstance(truth, dict)
        yield Item("title", truth["title"], file)
        sentences = re.split(r"(?<=[.!?])\s+", truth["abstract"])
        if truth["abstract"]:
            yield Item("abstract sentence", sentences[len(sentences) // 2], file)
        texts = without_references(page_texts(DATA.parent / file))
        chance = random.Random(f"{seed} {file}")
        for _ in range(draws):
            yield _passage(file, texts, chance)


def _passage(file: str, texts: list[list[str]], chance: random.Random) -> Item:
    """Draw a run of words from deep inside: past the first page where there are others with text.

    Lists of references are not drawn from: by default they are no passages.
    """
    pages = [n for n, words in enumerate(texts, start=1) if len(words) >= _FEWEST_WORDS]
    deep = [n for n in pages if n > 1] or pages
    page = chance.choice(deep)
    words = texts[page - 1]
    begin = chance.randrange(max(1, len(words) - _WINDOW_WORDS))
    window = words[begin : begin + _WINDOW_WORDS]
    kept = sorted(chance.sample(range(len(window)), round(len(window) * (1 - _DELETED_SHARE))))
    return Item("deep passage", " ".join(window[n] for n in kept), file, page)


def page_texts(path: Path) -> list[list[str]]:
    """Return each page's words by pdfium's bare text: a route that shares nothing with our parser's."""
    document = pdfium.PdfDocument(path)
    try:
        found = []
        for page in document:
            text_page = page.get_textpage()
            found.append(_words(text_page.get_text_range()))
            text_page.close()
            page.close()
        return found
    finally:
        document.close()


def without_references(texts: list[list[str]]) -> list[list[str]]:
    """Return the pages' words up to the list of references, whose entries are no passages.

    It begins at the last word that is the list's usual heading; what follows it goes with it.
    """
    for number in range(len(texts) - 1, -1, -1):
        for place in range(len(texts[number]) - 1, -1, -1):
            if texts[number][place] in _REFERENCES:
                return [*texts[:number], texts[number][:place]]
    return texts


def _words(text: str) -> list[str]:
    return text.replace("\ufffe\r\n", "").replace("\ufffe", "").split()


def true_to_page(hit: Hit, texts: list[list[str]]) -> bool:
    """Whether nine in ten of the shown passage's pieces are on the pages it names.

    A piece is twelve letters in a row. All of them cannot be: hyphens are mended and heads left out.
    """
    passage = hit.passages[0].passage
    shown = _letters(" ".join(passage.text.split()))
    printed = _letters(" ".join(" ".join(texts[page - 1]) for page in passage.pages))
    pieces = [shown[n : n + 12] for n in range(0, max(1, len(shown) - 12), 12)]
    return sum(piece in printed for piece in pieces) >= 0.9 * len(pieces)


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum() and c.isascii())


def measure(services: Services, draws: int, seed: int, misses: bool) -> dict[str, dict[str, float]]:
    """Return, for each kind of item, how many there were and the shares found."""
    rows = truths()
    texts = {str(row["file"]): page_texts(DATA.parent / str(row["file"])) for row in rows}
    counts: dict[str, list[tuple[bool, bool | None, bool]]] = {}
    for item in items(rows, draws, seed):
        hits = _hits(services, item.query)
        first = hits[0] if hits else None
        paper = first is not None and first.paper.file_name == Path(item.file).name
        page = None  # a title or an abstract has no page of its own to be right about
        if item.page is not None:
            page = paper and first is not None and item.page in first.passages[0].passage.pages
        true = first is not None and true_to_page(
            first, texts[next(f for f in texts if Path(f).name == first.paper.file_name)]
        )
        counts.setdefault(item.kind, []).append((paper, page, true))
        if misses and not (paper and page is not False and true):
            found = first and (first.paper.file_name, first.passages[0].passage.pages)
            print(f"missed: {item} → {found}, true to page {true}", file=sys.stderr)
    return {
        kind: {
            "items": len(found),
            "paper at rank 1": sum(paper for paper, _, _ in found) / len(found),
            "on the right page": sum(page is True for _, page, _ in found) / len(found)
            if any(page is not None for _, page, _ in found)
            else float("nan"),
            "shown text is on its page": sum(true for _, _, true in found) / len(found),
        }
        for kind, found in counts.items()
    }


def _hits(services: Services, query: str) -> tuple[Hit, ...]:
    try:
        return services.search(Query(query, limit=3)).hits
    except EmptyQuery:
        return ()  # a draw of nothing but signs: it counts as missed


def library(services: Services) -> None:
    """Bring the 80 papers into the data folder."""
    knowledge_base = services.shelves.existing_or_new("library")
    accepted = [
        accept(DATA.parent / str(row["file"]), knowledge_base, services.catalog, services.blobs)
        for row in truths()
    ]
    jobs = {found.job.id for found in accepted if found.job is not None}
    bring_in(jobs, services, Lines(len(jobs)))
    services.own_index("benchmark")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--home", type=Path, help="keep or reuse the library in this data folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(load_settings(), home=arguments.home or Path(folder))
        services = open_services(settings, lambda text: print(text, file=sys.stderr))
        try:
            library(services)
            table = measure(services, arguments.draws, arguments.seed, arguments.misses)
        finally:
            services.close()
    print(heading("Known items over 80 real papers"))
    print(describe())
    print("\n| item | n | paper at rank 1 | right page | shown text is on its page |\n|---|---|---|---|---|")
    for kind, row in table.items():
        shares = " | ".join(
            "—" if share != share else f"{100 * share:.1f} %"  # noqa: PLR0124 - not a number: no such figure
            for name, share in row.items()
            if name != "items"
        )
        print(f"| {kind} | {row['items']:.0f} | {shares} |")


if __name__ == "__main__":
    main()
