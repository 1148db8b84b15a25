"""Other dimensions from the vector cache: how long a re-index takes, and what fewer dimensions find.

50,000 synthetic passages of 2560 dimensions are re-indexed to 256 with an embedder that fails if it is
asked for anything. Recall is the share of the ten nearest at full width that are among the ten nearest
at fewer, by exact search: over those vectors, and over SciFact's abstracts with the embedded model (which
was not trained to be cut). Run: ``python -m benchmarks.dimensions`` (``--passages N``, ``--data FOLDER``).
"""

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.known_items import DATA
from benchmarks.machine import describe, heading
from carrel.bootstrap import Services, open_services
from carrel.config import Settings, load_settings
from carrel.core import ids
from carrel.core.ids import PaperId, text_key
from carrel.core.metadata import Metadata
from carrel.core.paper import PageSize, ParsedPaper, Passage, WordBoxes, in_context
from carrel.core.ports import EmbeddedQuery, TokenCounter
from carrel.core.rebuild import Change
from carrel.core.space import Encoder, Vectors, cut, rounded
from carrel.engines.models import load_minilm
from carrel.storage import papers

WIDTH = 2560
DIMENSIONS = (256, 512, 1024)
PASSAGES_A_PAPER = 100
QUERIES = 500
TOP = 10
_WORDS_A_PASSAGE = 150
_VOCABULARY = 30_000

Row = tuple[str, ...]


class Unasked:
    """An embedder that fails if it is asked for anything but who it is."""

    encoder = Encoder("synthetic", "1", "{text}", "last", WIDTH)
    max_tokens = 32_000
    parallel_calls = 1
    languages: frozenset[str] = frozenset()

    @property
    def tokens(self) -> TokenCounter:
        raise AssertionError("the model was asked")

    def embed_documents(self, texts: Sequence[str]) -> Vectors:  # noqa: ARG002 - of the port
        raise AssertionError("the model was asked")

    def embed_query(self, text: str, instruction: str = "") -> EmbeddedQuery:  # noqa: ARG002
        raise AssertionError("the model was asked")

    def close(self) -> None:
        """Nothing is open."""


def clustered(count: int, random: np.random.Generator) -> Vectors:
    """Return [count, 2560], rows of length 1 around one centre for every 50 of them.

    Variance falls with the dimension's number as 1/(1 + n/64), somewhat like that of a model trained to be
    cut; what such a model finds is another matter, and can only be measured with one.
    """
    spread = (1 / np.sqrt(1 + np.arange(WIDTH) / 64)).astype(np.float32)
    centres = random.standard_normal((count // 50 + 1, WIDTH), np.float32)
    rows = np.empty((count, WIDTH), np.float32)
    for first in range(0, count, 5000):
        piece = random.standard_normal((min(5000, count - first), WIDTH), np.float32)
        piece += centres[random.integers(0, len(centres), len(piece))]
        piece *= spread
        rows[first : first + 5000] = piece / np.linalg.norm(piece, axis=1, keepdims=True)
    return rows


def fill(services: Services, vectors: Vectors, random: np.random.Generator) -> None:
    """Publish papers of a hundred passages each, and put the vectors of their texts into the cache."""
    shelf = services.shelves.create("synthetic", embedder="synthetic")
    words = np.array([f"w{number:x}" for number in range(_VOCABULARY)])
    # As frequent as words are (Zipf): the index has as many postings as with real passages.
    chances = 1 / np.arange(1, _VOCABULARY + 1)
    chances /= chances.sum()
    for first in range(0, len(vectors), PASSAGES_A_PAPER):
        rows = vectors[first : first + PASSAGES_A_PAPER]
        sha256 = f"{first:064x}"[::-1]
        paper, title = ids.paper_id(sha256), f"Paper {first}"
        drawn = random.choice(words, (len(rows), _WORDS_A_PASSAGE), p=chances)
        texts = [" ".join(row) for row in drawn]
        passages = [_passage(paper, number, title, text) for number, text in enumerate(texts)]
        keys = [text_key(in_context(title, "Introduction", text)) for text in texts]
        about = text_key(title)
        services.vectors.put(Unasked.encoder, dict(zip(keys, rows, strict=True)) | {about: rows[0]})
        with services.catalog.write() as tx:
            papers.register(tx, paper, sha256, 1)
            papers.publish(tx, shelf, paper, f"{first}.pdf", _parsed(title), passages, keys, about)


def _passage(paper: PaperId, number: int, title: str, text: str) -> Passage:
    embedded = in_context(title, "Introduction", text)
    start, end = 1000 * number, 1000 * number + len(text)
    identity = ids.passage_id(paper, start, end, embedded)
    return Passage(identity, paper, number, start, end, text, "Introduction", (1,), ())


def _parsed(title: str) -> ParsedPaper:
    none = np.empty(0, np.int32)
    words = WordBoxes(none, none, none, none, np.empty((0, 4), np.float32))
    return ParsedPaper(Metadata(title=title), "", (), words, (PageSize(612, 792),))


def reindexing(vectors: Vectors, random: np.random.Generator) -> Iterator[Row]:
    """Yield what re-indexing these passages at 256 dimensions takes."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        services = open_services(Settings(home, Path(folder) / "cache"), print, lambda _: Unasked())
        try:
            began = time.monotonic()
            fill(services, vectors, random)
            yield "cache and catalog filled", f"{time.monotonic() - began:.1f} s"
            cached = sum(path.stat().st_size for path in home.glob("vectors.db*"))
            yield "cache", f"{cached / 1e6:.0f} MB, {cached / len(vectors):.0f} bytes a passage"
            services.own_index("a benchmark")
            for dimensions in (256, 0):
                began, cpu = time.monotonic(), time.process_time()
                _reindex(services, dimensions)
                seconds, cpu = time.monotonic() - began, time.process_time() - cpu
                services.rebuilds().discard_kept(services.shelves.readable(["synthetic"])[0])
                services.own_index("a benchmark")  # the generation before goes
                size = sum(path.stat().st_blocks * 512 for path in (home / "index").rglob("*"))
                yield (
                    f"{len(vectors):,} passages, {WIDTH} to {dimensions or WIDTH} dimensions",
                    f"{seconds:.1f} s ({cpu:.1f} s CPU), no request; index {size / 1e6:.0f} MB on the disk",
                )
            began = time.monotonic()
            with services.catalog.read() as tx:
                keys = [str(row["text_key"]) for row in tx.rows("SELECT text_key FROM passages")]
            for first in range(0, len(keys), 1600):
                assert services.vectors.get(Unasked.encoder, keys[first : first + 1600])
            yield "of it, looking the vectors up", f"{time.monotonic() - began:.1f} s"
        finally:
            services.close()


def _reindex(services: Services, dimensions: int) -> None:
    """Re-index without a job: every vector is cached, and a job would ask the model."""
    (shelf,) = services.shelves.readable(["synthetic"])
    rebuilds = services.rebuilds()
    rebuilds.begin(shelf, Change(dimensions=dimensions))
    while rebuilds.step(shelf):
        pass
    status = rebuilds.status(shelf)
    assert status.under_way is None, status
    assert (status.serving.dimensions, status.serving.passages) == (dimensions, shelf.passages)


def nearest(documents: Vectors, queries: Vectors, dimensions: int, count: int = TOP) -> list[list[int]]:
    """Return the numbers of the nearest documents of each query, nearest first, by exact search."""
    scores = cut(queries, dimensions) @ cut(documents, dimensions).T
    return [[int(n) for n in np.argsort(-row, kind="stable")[:count]] for row in scores]


def recall(found: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]]) -> float:
    """Return the mean share of what is wanted that is found."""
    return float(np.mean([len(set(f) & set(w)) / len(w) for f, w in zip(found, wanted, strict=True)]))


def synthetic_recall(vectors: Vectors, random: np.random.Generator) -> Iterator[Row]:
    """Yield recall at fewer dimensions; a question is a passage with as much noise again."""
    chosen = vectors[random.choice(len(vectors), QUERIES, replace=False)]
    noise = random.standard_normal(chosen.shape, np.float32) * np.abs(chosen).mean(axis=0)
    questions = chosen + noise
    questions /= np.linalg.norm(questions, axis=1, keepdims=True)
    full = nearest(vectors, questions, WIDTH)
    for dimensions in DIMENSIONS:
        yield str(dimensions), f"{recall(nearest(vectors, questions, dimensions), full):.3f}"


def scifact(data: Path, settings: Settings) -> Iterator[Row]:
    """Yield recall and nDCG of the embedded model's vectors, cut, over SciFact's abstracts."""
    folder = data / "ret_scifact"
    corpus = [json.loads(line) for line in (folder / "corpus.jsonl").open(encoding="utf-8")]
    questions = {
        q["id"]: q["text"] for q in map(json.loads, (folder / "queries.jsonl").open(encoding="utf-8"))
    }
    judged: dict[str, dict[str, int]] = {}
    for row in csv.DictReader((folder / "qrels.tsv").open(encoding="utf-8"), delimiter="\t"):
        judged.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    asked = [identity for identity in questions if identity in judged]
    model = load_minilm(settings.cache, announce=print, threads=settings.model_threads)
    texts = [in_context(document["title"], "", document["abstract"]) for document in corpus]
    documents = rounded(model.embed_documents(texts))  # as they come from the cache
    queries = model.embed_documents([questions[identity] for identity in asked])
    gains = [[judged[identity].get(d["id"], 0) for d in corpus] for identity in asked]
    full = nearest(documents, queries, model.encoder.width)
    for dimensions in (64, 128, 192, 256, model.encoder.width):
        found = nearest(documents, queries, dimensions)
        yield str(dimensions), f"{recall(found, full):.3f}", f"{ndcg(found, gains):.3f}"


def ndcg(found: Sequence[Sequence[int]], gains: Sequence[Sequence[int]]) -> float:
    """Return the mean nDCG of rankings (Järvelin & Kekäläinen 2002), linear gains."""

    def discounted(values: Sequence[int]) -> float:
        return float(sum(value / np.log2(rank + 2) for rank, value in enumerate(values)))

    scores = []
    for ranking, gain in zip(found, gains, strict=True):
        best = discounted(sorted(gain, reverse=True)[: len(ranking)])
        scores.append(discounted([gain[n] for n in ranking]) / best)
    return float(np.mean(scores))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=50_000)
    parser.add_argument("--data", type=Path, default=DATA.parent)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    random = np.random.default_rng(chosen.seed)
    print(describe())
    vectors = clustered(chosen.passages, random)
    tables: list[tuple[str, Row, Callable[[], Iterator[Row]]]] = [
        ("Re-indexing from the cache", ("what", "figure"), partial(reindexing, vectors, random)),
        (
            f"Recall@{TOP} against {WIDTH} dimensions, synthetic",
            ("dimensions", "recall"),
            partial(synthetic_recall, rounded(vectors), random),
        ),
    ]
    if (chosen.data / "ret_scifact").is_dir():
        tables.append(
            (
                f"SciFact, all-MiniLM-L6-v2: recall@{TOP} against 384 dimensions, and nDCG@{TOP}",
                ("dimensions", "recall", "nDCG"),
                partial(scifact, chosen.data, load_settings()),
            )
        )
    for title, head, rows in tables:
        print(heading(title))
        print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
        for row in rows():
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
