"""Versions of one paper: are they recognised, and is nothing else? And what it costs.

Over the 80 real papers, no two of which are versions of each other. Each is set anew in several ways, as
publishers and authors do; pairs made of one paper must be recognised, all others must not. Run:
``python -m benchmarks.versions`` (``--papers FOLDER`` with the manifest, ``--seed``, ``--catalog N``
papers in the catalog whose cost is measured: 100,000 take five minutes, 0 none, ``--mistakes``
prints what is wrong).
"""

import argparse
import bisect
import itertools
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.known_items import DATA
from benchmarks.machine import describe, heading
from carrel.core.ids import new_knowledge_base_id, paper_id
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.likeness import Likeness, asked_resemblance, keys, likeness_of, same_work
from carrel.core.metadata import Metadata
from carrel.core.paper import Block, BlockKind, ParsedPaper, WordBoxes
from carrel.core.sketch import resemblance
from carrel.parsing.pdfium_parser import PdfiumParser
from carrel.storage import knowledge_bases, papers, versions
from carrel.storage.clock import now
from carrel.storage.database import Catalog, Transaction, connect, open_database

_NONE = np.zeros(0, np.int32)
_NO_WORDS = WordBoxes(_NONE, _NONE, _NONE, _NONE, np.zeros((0, 4), np.float32))
_SHOWN = 200  # papers among which a search looks for versions
_PUBLISHED = 200  # papers whose publication is timed


@dataclass(frozen=True, slots=True)
class Text:
    """A paper as a list of blocks, to be set anew."""

    metadata: Metadata
    blocks: tuple[tuple[BlockKind, int, str], ...]

    def set(self) -> ParsedPaper:
        """Return it as a parser would."""
        text, blocks = "", []
        for kind, level, words in self.blocks:
            text += "\n\n" if text else ""
            blocks.append(Block(kind, len(text), len(text) + len(words), level))
            text += words
        return ParsedPaper(self.metadata, text, tuple(blocks), _NO_WORDS, ())


Change = Callable[[Text, random.Random, Sequence[Text]], Text]


def _each_paragraph(text: Text, change: Callable[[str], str]) -> Text:
    blocks = tuple(
        (kind, level, change(words) if kind is BlockKind.PARAGRAPH else words)
        for kind, level, words in text.blocks
    )
    return replace(text, blocks=tuple(block for block in blocks if block[2].strip()))


def other_breaks(text: Text, chance: random.Random, _: Sequence[Text]) -> Text:
    """Break one word in fifteen with a hyphen that was not mended; glue one in sixty to the next."""

    def change(paragraph: str) -> str:
        words = paragraph.split()
        for n, word in enumerate(words):
            if len(word) > 6 and chance.random() < 1 / 15:
                at = chance.randrange(3, len(word) - 2)
                words[n] = f"{word[:at]}- {word[at:]}"
        return re.sub(r" ", lambda found: "" if chance.random() < 1 / 60 else found.group(), " ".join(words))

    return _each_paragraph(text, change)


def dropped_sentences(text: Text, chance: random.Random, _: Sequence[Text]) -> Text:
    """Leave out 15 % of the sentences."""

    def change(paragraph: str) -> str:
        sentences = re.split(r"(?<=[.!?。！？])\s*", paragraph)
        return " ".join(sentence for sentence in sentences if chance.random() >= 0.15)

    return _each_paragraph(text, change)


def other_frame(text: Text, chance: random.Random, others: Sequence[Text]) -> Text:
    """Another abstract, sections in another order, references of another paper, other citation numbers."""
    other = chance.choice(others)
    words = text.metadata.abstract.split()
    chance.shuffle(words)
    sections: list[list[tuple[BlockKind, int, str]]] = [[]]
    for block in text.blocks:
        if block[0] is BlockKind.HEADING:
            sections.append([])
        sections[-1].append(block)
    first, *rest = sections
    chance.shuffle(rest)
    abstract = (BlockKind.PARAGRAPH, 0, " ".join(words))
    references = [
        (BlockKind.HEADING, 1, "References"),
        *(
            (BlockKind.PARAGRAPH, 0, words)
            for kind, _, words in other.blocks[-12:]
            if kind is not BlockKind.HEADING
        ),
    ]
    blocks = [*first, abstract, *itertools.chain.from_iterable(rest), *references]
    changed = replace(text, blocks=tuple(block for block in blocks if block[2].strip()))
    numbers = itertools.count(chance.randrange(1, 40))
    return _each_paragraph(
        changed, lambda words: re.sub(r"\[\d[\d, –-]*\]", lambda _: f"[{next(numbers)}]", words)
    )


def other_names(text: Text, chance: random.Random, _: Sequence[Text]) -> Text:
    """Another form of the title and of the names, another year, venue and DOI."""
    metadata = text.metadata
    forms = ("{}: Extended Version", "{} (extended abstract)", "Towards {}", "{}", "{}*", "On {}")
    names = [name.split() for name in metadata.authors]
    return replace(
        text,
        metadata=replace(
            metadata,
            title=chance.choice(forms).format(
                metadata.title.upper() if chance.random() < 0.3 else metadata.title
            ),
            authors=tuple(f"{words[-1]}, {words[0][0]}." for words in names if words),
            year=(metadata.year or 2020) + 1,
            venue="Journal of Versions",
            doi="",
            arxiv_id="",
        ),
    )


def other_title(text: Text, _: random.Random, others: Sequence[Text]) -> Text:
    """The title of another paper."""
    return replace(text, metadata=replace(text.metadata, title=others[0].metadata.title, doi="", arxiv_id=""))


def no_names(text: Text, _: random.Random, __: Sequence[Text]) -> Text:
    """Neither title nor authors nor identifiers, as where they could not be read."""
    return replace(text, metadata=replace(text.metadata, title="", authors=(), doi="", arxiv_id=""))


WAYS: dict[str, tuple[Change, ...]] = {
    "as it is": (),
    "other line breaks": (other_breaks,),
    "without names, other line breaks": (no_names, other_breaks),
    "published: frame, names, breaks": (other_frame, other_names, other_breaks),
    "revised: 15 % of sentences dropped, frame, names, breaks": (
        dropped_sentences,
        other_frame,
        other_names,
        other_breaks,
    ),
    "retitled: 15 % dropped, breaks": (dropped_sentences, other_title, other_breaks),
}


def lookalikes(texts: Sequence[Text], chance: random.Random) -> Iterator[tuple[str, Text, Text]]:
    """Yield pairs that are not versions of each other, though something speaks for it."""
    for n, text in enumerate(texts):
        other = texts[(n + 1) % len(texts)]
        title, same = text.metadata.title, text.metadata
        yield "a paper and its correction", text, _named(text, f"Correction to: {title}")
        yield "a book and a third of it under the same title", text, _beginning(text)
        shared = tuple(chance.sample(text.blocks, len(text.blocks) // 5))
        mixed = Text(replace(same, title=other.metadata.title, doi=""), shared + other.blocks)
        yield "another paper of the same authors with a fifth of the text", text, mixed
        part = Text(replace(same, title=f"{title}, part II", doi=""), shared + other.blocks)
        yield "part I and part II with a fifth of the text", _named(text, f"{title}, part I"), part
        yield (
            "the yearly reports of one form",
            _named(text, "Annual Report 2019"),
            _named(text, "Annual Report 2020"),
        )
        lecture = Text(replace(same, title="Introduction", doi=""), other.blocks)
        yield "two sets of slides called Introduction", _named(text, "Introduction"), lecture


def _beginning(text: Text) -> Text:
    """Return the blocks that hold the first third of the running text."""
    third = likeness_of(text.set()).pieces / 3
    count = bisect.bisect(
        range(len(text.blocks)),
        third,
        key=lambda n: likeness_of(replace(text, blocks=text.blocks[:n]).set()).pieces,
    )
    return replace(text, blocks=text.blocks[: count - 1])


def _named(text: Text, title: str) -> Text:
    return replace(text, metadata=replace(text.metadata, title=title, doi="", arxiv_id=""))


def read(folder: Path) -> list[ParsedPaper]:
    """Parse the papers with known truth."""
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    paths = [folder.parent / row["file"] for row in rows if "truth" in row]
    parser = PdfiumParser(workers=1, seconds=60, memory_mb=1024, max_pages=2000)
    try:
        return [parser.parse(path, path.name) for path in paths]
    finally:
        parser.close()


def text_of(paper: ParsedPaper) -> Text:
    """Return a parsed paper as blocks."""
    return Text(paper.metadata, tuple((b.kind, b.level, paper.block_text(b)) for b in paper.blocks))


def print_recognition(texts: Sequence[Text], seed: int, mistakes: bool) -> None:
    """Print, for each way to set a paper anew, how many are recognised; and how many others are."""
    made: dict[str, list[Likeness]] = {}
    for way, changes in WAYS.items():
        made[way] = []
        for n, text in enumerate(texts):
            chance = random.Random(f"{seed} {way} {n}")
            others = [texts[(n + 7) % len(texts)], *texts[:n], *texts[n + 1 :]]
            for change in changes:
                text = change(text, chance, others)  # noqa: PLW2901
            made[way].append(likeness_of(text.set()))
    print("\n| set anew | pairs | recall | found by look-up | lowest resemblance |\n|---|---|---|---|---|")
    right = wrong = missed = apart = 0
    for way, found in made.items():
        pairs = list(zip(made["as it is"], found, strict=True))
        same = [same_work(*pair) for pair in pairs]
        met = sum(not set(keys(one)).isdisjoint(keys(other)) for one, other in pairs)
        lowest = min(resemblance(one.sketch, other.sketch) for one, other in pairs)
        shares = f"{_share(sum(same), len(same))} | {_share(met, len(pairs))}"
        print(f"| {way} | {len(pairs)} | {shares} | {lowest:.2f} |")
        if way != "as it is":
            right, missed = right + sum(same), missed + len(same) - sum(same)
        if mistakes:
            _name(f"missed, {way}", [pair for pair, yes in zip(pairs, same, strict=True) if not yes])
    closest = 0.0
    for (_, one), (_, other) in itertools.combinations_with_replacement(made.items(), 2):
        for (n, a), (m, b) in itertools.product(enumerate(one), enumerate(other)):
            if n < m:
                apart += 1
                closest = max(closest, resemblance(a.sketch, b.sketch))
                if same_work(a, b):
                    wrong += 1
                    _name("wrong", [(a, b)])
    print(
        f"\nPrecision {_share(right, right + wrong)}, recall {_share(right, right + missed)}: {right} of "
        f"{right + missed} pairs of versions recognised, {wrong} of {apart} pairs of different papers; the "
        f"highest resemblance among the latter is {closest:.2f}."
    )


def print_lookalikes(texts: Sequence[Text], seed: int, mistakes: bool) -> None:
    """Print how many pairs that only look like versions are taken for some."""
    taken: dict[str, list[tuple[Likeness, Likeness]]] = {}
    for kind, one, other in lookalikes(texts, random.Random(seed)):
        taken.setdefault(kind, []).append((likeness_of(one.set()), likeness_of(other.set())))
    print("\n| not versions | pairs | taken for versions | highest resemblance |\n|---|---|---|---|")
    for kind, pairs in taken.items():
        wrong = [pair for pair in pairs if same_work(*pair)]
        highest = max(resemblance(one.sketch, other.sketch) for one, other in pairs)
        print(f"| {kind} | {len(pairs)} | {len(wrong)} | {highest:.2f} |")
        if mistakes:
            _name(kind, wrong)


def _name(what: str, pairs: Sequence[tuple[Likeness, Likeness]]) -> None:
    for one, other in pairs:
        found, asked = resemblance(one.sketch, other.sketch), asked_resemblance(one, other)
        print(
            f"{what}: {one.title} / {other.title}: {found:.2f} of {asked:.2f}, {one.pieces} pieces",
            file=sys.stderr,
        )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "—"


def print_cost(read_papers: Sequence[ParsedPaper], count: int) -> None:
    """Print what a page costs, and what publishing and searching cost among many papers."""
    pages = sum(len(paper.pages) for paper in read_papers)
    began = time.process_time()
    real = [likeness_of(paper) for paper in read_papers]
    per_page = 1000 * (time.process_time() - began) / pages
    print(f"\nThe likeness of a paper takes {per_page:.2f} ms a page ({pages} pages).")
    if not count:
        return
    with tempfile.TemporaryDirectory() as folder:
        catalog = open_database(Path(folder))
        shelf = KnowledgeBase(new_knowledge_base_id(), "library")
        empty = Path(folder, "carrel.db").stat().st_size
        with catalog.write() as tx:
            knowledge_bases.create(tx, shelf)
            _fill(tx, shelf, count, real)
        connection = connect(Path(folder, "carrel.db"))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        size = Path(folder, "carrel.db").stat().st_size - empty
        took = [_publish(catalog, shelf, count + n, real[n % len(real)]) for n in range(_PUBLISHED)]
        looked = [_search(catalog, shelf, random.Random(n), count) for n in range(50)]
        catalog.close()
    print(
        f"Among {count:,} papers, recording one takes {_milliseconds(took)}, and finding the versions of "
        f"{_SHOWN} papers {_milliseconds(looked)} (median and the slowest in twenty). The catalog grew by "
        f"{size / count / 1000:.1f} kB a paper for it, the rows of the papers included."
    )


def _fill(tx: Transaction, shelf: KnowledgeBase, count: int, real: Sequence[Likeness]) -> None:
    """Put papers of random sketches into the catalog; their titles and authors are of the real ones."""
    chance = np.random.default_rng(0)
    for n in range(count):
        _hold(tx, shelf, n)
        model = real[n % len(real)]
        sketch = chance.integers(0, 1 << 16, 256, np.uint16).tobytes()
        title = f"{n * 7919 % count} {model.title} {n}"
        surnames = tuple(f"{name}{n % 97}" for name in model.surnames)
        versions.record(tx, paper_id(_sha(n)), replace(model, sketch=sketch, title=title, surnames=surnames))


def _hold(tx: Transaction, shelf: KnowledgeBase, n: int) -> None:
    papers.register(tx, paper_id(_sha(n)), _sha(n), 1)
    tx.run(
        "INSERT INTO holdings VALUES (:shelf, :paper, 'a.pdf', 0, :now)",
        shelf=shelf.id,
        paper=paper_id(_sha(n)),
        now=now(),
    )


def _publish(catalog: Catalog, shelf: KnowledgeBase, n: int, likeness: Likeness) -> float:
    with catalog.write() as tx:
        _hold(tx, shelf, n)
        began = time.perf_counter()
        versions.record(tx, paper_id(_sha(n)), likeness)
        return 1000 * (time.perf_counter() - began)


def _search(catalog: Catalog, shelf: KnowledgeBase, chance: random.Random, count: int) -> float:
    ids = [paper_id(_sha(chance.randrange(count + _PUBLISHED))) for _ in range(_SHOWN)]
    began = time.perf_counter()
    with catalog.read() as tx:
        versions.groups(tx, [shelf.id], ids)
    return 1000 * (time.perf_counter() - began)


def _milliseconds(took: Sequence[float]) -> str:
    return f"{statistics.median(took):.2f} ms ({sorted(took)[len(took) * 19 // 20]:.2f})"


def _sha(n: int) -> str:
    return random.Random(n).randbytes(32).hex()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=Path, default=DATA, help="the folder of the manifest")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--catalog", type=int, default=20_000)
    parser.add_argument("--mistakes", action="store_true")
    arguments = parser.parse_args()
    if not (arguments.papers / "manifest.jsonl").is_file():
        sys.exit(f"The real papers are not on this machine ({arguments.papers}): nothing to measure.")
    read_papers = read(arguments.papers)
    texts = [text_of(paper) for paper in read_papers]
    print(heading(f"Versions of one paper, over {len(texts)} real papers"))
    print(describe())
    print_recognition(texts, arguments.seed, arguments.mistakes)
    print_lookalikes(texts, arguments.seed, arguments.mistakes)
    print_cost(read_papers, arguments.catalog)


if __name__ == "__main__":
    main()
