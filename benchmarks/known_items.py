"""Known items: does a paper's own title, abstract sentence or passage find it, and on the right page?

Over the 80 real papers with known titles and the sample papers. A passage is drawn at random from deep
inside, a third of its words are deleted and its sentences change their order.
Run: ``python -m benchmarks.known_items`` (``--draws N`` passages a paper, ``--seed``, ``--misses`` to print
what was missed).
"""

import argparse
import json
import random
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
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
from carrel.storage import papers

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "pdf"
SAMPLES = Path(__file__).resolve().parents[1] / "examples" / "papers"
_WINDOW_WORDS = 60
_DELETED_SHARE = 1 / 3
_FEWEST_WORDS = 30
_SINGLE_LETTERS = 0.4  # of the words
_DRAWN_AGAIN = 50
_SENTENCE_ENDS = r"(?<=[.!?])\s+|(?<=[。！？])"
_FEWEST_OF_A_SENTENCE = 8  # words, or pairs of Chinese characters
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


@dataclass(frozen=True, slots=True)
class Source:
    """A paper that items are cut from."""

    path: Path
    title: str
    abstract: str


def sources(services: Services) -> list[Source]:
    """Return the papers, with titles and abstracts that are known, or else as Carrel has read them."""
    truth = {Path(str(row["file"])).name: row["truth"] for row in truths()}
    with services.catalog.read() as tx:
        (shelf,) = services.shelves.readable(["library"])
        found = papers.records(tx, [shelf.id])
    paths = {path.name: path for path in files()}
    made = []
    for record in sorted(found, key=lambda record: record.file_name):
        known = truth.get(record.file_name)
        assert known is None or isinstance(known, dict)
        title = known["title"] if known else record.metadata.title
        abstract = (known or {}).get("abstract") or record.metadata.abstract
        made.append(Source(paths[record.file_name], title, abstract))
    return made


def files() -> list[Path]:
    """Return the PDFs: those with known metadata, and the samples."""
    return [*(DATA.parent / str(row["file"]) for row in truths()), *sorted(SAMPLES.glob("*.pdf"))]


def items(source: Source, draws: int, seed: int) -> Iterator[Item]:
    """Yield the known items of a paper; the same seed draws the same passages."""
    name = source.path.name
    yield Item("title", source.title, name)
    sentences = [each for each in re.split(_SENTENCE_ENDS, source.abstract) if _fit(each)]
    if sentences:
        yield Item("abstract sentence", sentences[len(sentences) // 2], name)
    texts = without_references(page_texts(source.path))
    chance = random.Random(f"{seed} {name}")
    for _ in range(draws):
        yield _passage(name, texts, chance)


def _fit(sentence: str) -> bool:
    return len(sentence.split()) >= _FEWEST_OF_A_SENTENCE or len(sentence) >= 2 * _FEWEST_OF_A_SENTENCE


def _passage(file: str, texts: list[list[str]], chance: random.Random) -> Item:
    """Draw a run of words from deep inside: past the first page where there are others with text.

    Lists of references are not drawn from: by default they are no passages.
    """
    pages = [n for n, words in enumerate(texts, start=1) if len(words) >= _FEWEST_WORDS]
    deep = [n for n in pages if n > 1] or pages
    for _ in range(_DRAWN_AGAIN):
        page = chance.choice(deep)
        words = texts[page - 1]
        begin = chance.randrange(max(1, len(words) - _WINDOW_WORDS))
        window = words[begin : begin + _WINDOW_WORDS]
        if not _letters_apart(window):
            break
    kept = sorted(chance.sample(range(len(window)), round(len(window) * (1 - _DELETED_SHARE))))
    sentences = _sentences([window[n] for n in kept])
    chance.shuffle(sentences)
    return Item("deep passage", " ".join(chain.from_iterable(sentences)), file, page)


def _letters_apart(words: Sequence[str]) -> bool:
    """Whether most of it is single letters: so pdfium's bare text has listings with monospaced letters.

    Nobody would search for that. Carrel's own text of them has the words.
    """
    return sum(len(word) == 1 and word.isascii() for word in words) > _SINGLE_LETTERS * len(words)


def _sentences(words: list[str]) -> list[list[str]]:
    """Return the words in sentences, as far as full stops tell."""
    sentences: list[list[str]] = [[]]
    for word in words:
        sentences[-1].append(word)
        if word.endswith((".", "?", "!")):
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one item: its paper's rank among ten, or 0; whether page and text are right."""

    rank: int
    page: bool | None  # None: a title or an abstract has no page of its own to be right about
    true: bool


def measure(services: Services, draws: int, seed: int, misses: bool) -> dict[str, list[Outcome]]:
    """Return what came of each item, by its kind."""
    outcomes: dict[str, list[Outcome]] = {}
    of_names = {path.name: path for path in files()}
    for source in sources(services):
        for item in items(source, draws, seed):
            hits = _hits(services, item.query)
            outcome = _outcome(item, hits, of_names)
            outcomes.setdefault(item.kind, []).append(outcome)
            if misses and not (outcome.rank == 1 and outcome.page is not False and outcome.true):
                first = hits and (hits[0].paper.file_name, hits[0].passages[0].passage.pages)
                print(f"missed: {item} → {first}, {outcome}", file=sys.stderr)
    return outcomes


def _outcome(item: Item, hits: tuple[Hit, ...], of_names: Mapping[str, Path]) -> Outcome:
    names = [hit.paper.file_name for hit in hits]
    rank = names.index(item.file) + 1 if item.file in names else 0
    page = None
    if item.page is not None:
        page = rank == 1 and item.page in hits[0].passages[0].passage.pages
    return Outcome(rank, page, bool(hits) and true_to_page(hits[0], _texts(of_names[names[0]])))


@cache
def _texts(path: Path) -> list[list[str]]:
    return page_texts(path)


def printed(kind: str, outcomes: Sequence[Outcome]) -> str:
    """Return a row of the table."""
    count = len(outcomes)
    pages = [outcome.page for outcome in outcomes if outcome.page is not None]
    shares = (
        sum(outcome.rank == 1 for outcome in outcomes) / count,
        sum(pages) / len(pages) if pages else None,
        sum(outcome.true for outcome in outcomes) / count,
    )
    first, page, true = ("—" if share is None else f"{100 * share:.1f} %" for share in shares)
    reciprocal = sum(1 / outcome.rank for outcome in outcomes if outcome.rank) / count
    return f"| {kind} | {count} | {first} | {reciprocal:.3f} | {page} | {true} |"


def _hits(services: Services, query: str) -> tuple[Hit, ...]:
    try:
        return services.search(Query(query)).hits
    except EmptyQuery:
        return ()  # a draw of nothing but signs: it counts as missed


def library(services: Services) -> None:
    """Bring the papers into the data folder."""
    knowledge_base = services.shelves.existing_or_new("library")
    accepted = [accept(path, knowledge_base, services.catalog, services.blobs) for path in files()]
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
    print(heading("Known items over 80 real papers and the samples"))
    print(describe())
    print("\n| item | n | paper at rank 1 | MRR@10 | right page | shown text is on its page |")
    print("|---|---|---|---|---|---|")
    for kind, outcomes in table.items():
        print(printed(kind, outcomes))


if __name__ == "__main__":
    main()
