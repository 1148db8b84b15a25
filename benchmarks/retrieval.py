"""Search against its parts, on every judged set: words alone, meaning alone, both, and the best fixed mix.

A mix is fused from what words alone and meaning alone find, with one share of meaning for all queries. The
best is chosen with hindsight: for each set, of fifteen shares that with the highest mean.
Run: ``python -m benchmarks.retrieval`` (``--sets ret_scifact,xl_csl``, ``--home DIR`` to keep the libraries,
so that a second run embeds nothing, ``--misses N`` to print the queries that lose most against the best mix).
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.machine import describe, heading
from carrel.bootstrap import Services, open_services
from carrel.chunking.structured import structured
from carrel.config import Settings, load_settings
from carrel.core.domains import Domain
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.paper import ParsedPaper
from carrel.core.ranking import Candidate, FusedPaper, Mode, PaperRecord, Query, SearchResult, Signal
from carrel.core.text_language import language_of
from carrel.evaluation.asking import RememberingEmbedder, answers
from carrel.evaluation.judged_set import Document, JudgedSet, Questions, read_set
from carrel.evaluation.measures import measured
from carrel.evaluation.set_papers import hash_of, paper_of, parsed
from carrel.evaluation.significance import compared
from carrel.evaluation.taking_in import Coming, take_in
from carrel.parsing.code_reader import as_code
from carrel.search.fuse import Lists, Weights, fuse
from carrel.search.weighing import weights_of

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
_DEPTH = 100
_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.96, 1.0)


@dataclass(frozen=True, slots=True)
class Judged:
    """A set, which of its files are asked, and the measure that it is judged by."""

    folder: str
    queries: str = "queries.jsonl"
    qrels: str = "qrels.tsv"
    metric: str = "nDCG@10"
    domain: Domain = Domain.PAPERS

    @property
    def label(self) -> str:
        """The folder, and which queries where they are not the usual ones."""
        kind = self.queries.removesuffix(".jsonl").replace("queries", "").strip("_")
        return f"{self.folder} {kind}".strip()


SETS = (
    Judged("ret_scifact"),
    Judged("ret_scifact", "train_queries.jsonl", "train_qrels.tsv"),
    Judged("ret_cranfield"),
    Judged("xl_csl"),
    Judged("xl_acl_zh", metric="RR@10"),
    Judged("xl_arxiv_zh", metric="RR@10"),
    Judged("xl_arxiv_zh", "queries_pure.jsonl", "qrels_pure.tsv", metric="RR@10"),
    Judged("dom_stard", domain=Domain.STATUTES),
    Judged("dom_cosqa", domain=Domain.CODE),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one set showed: values a query, of each way of searching."""

    label: str
    metric: str
    lexical: Mapping[str, float]
    dense: Mapping[str, float]
    default: Mapping[str, float]
    mixes: Mapping[float, Mapping[str, float]]  # by the share of meaning
    milliseconds: float  # of a search in the default mode, the median

    @property
    def best(self) -> float:
        """The share of meaning with the highest mean."""
        return max(self.mixes, key=lambda share: mean(self.mixes[share]))

    def printed(self) -> str:
        """Return the row of the table."""
        best, default = self.mixes[self.best], mean(self.default)
        better = max((self.lexical, self.dense), key=mean)
        queries = list(self.default)
        against_mix, against_part = (
            compared(_in_order(self.default, queries), _in_order(other, queries)) for other in (best, better)
        )
        cells = (
            self.label,
            f"{len(queries)}",
            self.metric,
            f"{mean(self.lexical):.4f}",
            f"{mean(self.dense):.4f}",
            f"{mean(best):.4f} ({self.best:.2f})",
            f"**{default:.4f}**",
            f"{against_mix.difference:+.4f} ({against_mix.p:.3f})",
            f"{against_part.difference:+.4f} ({against_part.p:.3f})",
            f"{self.milliseconds:.0f} ms",
        )
        return "| " + " | ".join(cells) + " |"


def mean(values: Mapping[str, float]) -> float:
    """Return the mean over the queries."""
    return sum(values.values()) / len(values)


def _in_order(values: Mapping[str, float], queries: Sequence[str]) -> list[float]:
    return [values[query] for query in queries]


def _read(document: Document, domain: Domain) -> ParsedPaper:
    paper = parsed(document, language_of)
    return structured(as_code(paper) if domain is Domain.CODE else paper, domain)


def library(services: Services, judged: Judged, documents: Sequence[Document]) -> KnowledgeBase:
    """Return the knowledge base of a set, complete; what an earlier run took in is there already."""
    name = judged.folder
    known = {shelf.name: shelf for shelf in services.shelves.readable()}
    knowledge_base = known.get(name) or services.shelves.create(name, domain=judged.domain)
    coming = [
        Coming(paper_of(document), hash_of(document), document.id, partial(_read, document, judged.domain))
        for document in documents
    ]
    embedder, index = services.embedder_of(knowledge_base), services.index_of(knowledge_base)
    began = time.monotonic()
    for taken in take_in(coming, knowledge_base, services.catalog, embedder, index):
        seconds = time.monotonic() - began
        print(f"\r{name}: {taken.papers} of {taken.total}, {seconds:.0f} s ", end="", file=sys.stderr)
    print(file=sys.stderr, flush=True)
    (complete,) = services.shelves.readable([name])
    return complete


def measure(services: Services, judged: Judged, questions: Questions, names: Mapping[PaperId, str]) -> Row:
    """Ask every query in each way."""

    def asked(mode: Mode, text: str) -> SearchResult:
        return services.search(Query(text, (judged.folder,), mode, _DEPTH, literal=True))

    def name_of(record: PaperRecord) -> str:
        return names[record.id]

    def values(run: Mapping[str, Sequence[str]]) -> Mapping[str, float]:
        return measured(run, questions.judgments, [judged.metric])[0].values

    queries = questions.queries
    by_mode: dict[Mode, Mapping[str, float]] = {}
    found: dict[str, dict[Signal, tuple[Candidate, ...]]] = {query: {} for query in queries}
    for mode in (Mode.LEXICAL, Mode.DENSE):
        rankings = {}
        for answer in answers(queries, partial(asked, mode), name_of):
            rankings[answer.query] = answer.ranking
            found[answer.query] |= dict(answer.result.candidates) if answer.result else {}
        by_mode[mode] = values(rankings)
    default, took = {}, []
    for answer in answers(queries, partial(asked, Mode.HYBRID), name_of):
        default[answer.query] = answer.ranking
        took.append(answer.milliseconds)
    usual = weights_of(services.shelves.readable([judged.folder]))
    mixes = {
        share: values(
            {
                query: tuple(names[paper.paper_id] for paper in _mixed(lists, usual, share))
                for query, lists in found.items()
            }
        )
        for share in _SHARES
    }
    return Row(
        judged.label,
        judged.metric,
        by_mode[Mode.LEXICAL],
        by_mode[Mode.DENSE],
        values(default),
        mixes,
        sorted(took)[len(took) // 2],
    )


def _mixed(lists: Lists, usual: Weights, share: float) -> tuple[FusedPaper, ...]:
    return fuse(lists, replace(usual, dense=share))[:_DEPTH]


def print_misses(row: Row, judged_set: JudgedSet, count: int) -> None:
    """Print the queries at which the default mode loses most against the best fixed mix."""
    best, queries = row.mixes[row.best], judged_set.questions.queries
    lost = sorted(row.default, key=lambda query: row.default[query] - best[query])
    for query in lost[:count]:
        difference = row.default[query] - best[query]
        parts = f"lexical {row.lexical[query]:.3f}, dense {row.dense[query]:.3f}"
        print(f"{row.label} {query} {difference:+.3f} ({parts}): {queries[query]}", file=sys.stderr)


def run(settings: Settings, data: Path, judged: Judged, misses: int) -> None:
    """Print the row of a set; its library is in the data folder of the settings."""
    services = open_services(settings, lambda text: print(text, file=sys.stderr))
    try:
        services.own_index("a benchmark")
        judged_set = read_set(data / judged.folder, judged.queries, judged.qrels)
        embedder = RememberingEmbedder(services.embedder_of(library(services, judged, judged_set.documents)))
        names = {paper_of(document): document.id for document in judged_set.documents}
        asked = replace(services, embedder_of=lambda _: embedder)
        row = measure(asked, judged, judged_set.questions, names)
    finally:
        services.close()
    print(row.printed(), flush=True)
    print_misses(row, judged_set, misses)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="", help="folders, with commas; all by default")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--home", type=Path, help="keep a library for each set in this folder, or reuse it")
    parser.add_argument("--misses", type=int, default=0)
    arguments = parser.parse_args()
    wanted = [name for name in arguments.sets.split(",") if name]
    sets = [each for each in SETS if each.folder in wanted or each.label in wanted or not wanted]
    print(heading("Search against its parts"))
    print(describe())
    print(
        "\n| set | queries | measure | lexical | dense | best fixed mix (share of meaning) | default "
        "| default − best mix (p) | default − better part (p) | a search |\n"
        "|---|---|---|---|---|---|---|---|---|---|",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        home = (arguments.home or Path(folder)).absolute()
        for judged in sets:
            if (arguments.data / judged.folder).is_dir():
                settings = replace(load_settings(), home=home / judged.folder)
                run(settings, arguments.data, judged, arguments.misses)


if __name__ == "__main__":
    main()
