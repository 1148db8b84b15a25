"""``carrel eval``: what is searched is measured, on a judged set or on a knowledge base itself."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from carrel.bootstrap import Services
from carrel.cli.client import ask
from carrel.cli.evaluation_output import Files, give
from carrel.cli.evaluation_progress import Counting
from carrel.cli.search_reply import result_of
from carrel.cli.server_file import Running, find
from carrel.cli.session import services
from carrel.config import Settings, load_settings
from carrel.core.engine_errors import NoRerankerConfigured
from carrel.core.errors import InvalidSetting
from carrel.core.evaluation_errors import NothingJudged
from carrel.core.ids import KnowledgeBaseId
from carrel.core.judgments import agreed
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr
from carrel.core.paper import ParsedPaper
from carrel.core.ports import Embedder
from carrel.core.ranking import PaperRecord, Query, SearchResult
from carrel.core.search_record_format import query_fields
from carrel.core.server_errors import ServerSilent
from carrel.core.text_language import language_of
from carrel.evaluation.asking import Ask, RememberingEmbedder
from carrel.evaluation.comparison import Comparison, compare
from carrel.evaluation.configuration import Build, Configuration, configurations, usual
from carrel.evaluation.judged_set import Questions, answerable, read_set
from carrel.evaluation.known_items import Item, chosen, questions_of
from carrel.evaluation.measures import DEFAULT_METRICS, checked
from carrel.evaluation.set_papers import hash_of, paper_of, parsed
from carrel.evaluation.taking_in import Coming
from carrel.evaluation.trial_library import fill, knowledge_base_for
from carrel.ingest.pipeline import read_paper
from carrel.library.mending import check_complete
from carrel.storage import corrections, judgments, papers, passages, versions

LoadEmbedder = Callable[[str], Embedder]

_PURPOSE = "carrel eval"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be compared, by which metrics, in which folder, and where it is to be written."""

    compare: tuple[str, ...]
    metrics: tuple[str, ...]
    home: Path | None
    files: Files

    def configurations(self, settings: Settings) -> tuple[Configuration, ...]:
        """Return what is compared. Raises as ``configuration``, and NoRerankerConfigured."""
        found = configurations(self.compare) or usual(bool(settings.reranker))
        if not settings.reranker and any(each.rerank for each in found):
            raise NoRerankerConfigured()
        return found

    def checked_metrics(self) -> tuple[str, ...]:
        """Return the metrics. Raises MetricUnknown, MetricsNotInstalled."""
        return checked(self.metrics or DEFAULT_METRICS)


class _Asking:
    """Asks knowledge bases as ``carrel search`` does; each question's vector is made once a model."""

    def __init__(self, settings: Settings, literal: bool) -> None:
        """``literal``: nobody typed these queries, and nothing in them is an operator."""
        self._literal = literal
        self._instruction = settings.query_instruction
        self._remembering: dict[str, RememberingEmbedder] = {}  # by model

    def query(self, knowledge_base: KnowledgeBase, configuration: Configuration, text: str) -> Query:
        """Return the query of a text, as all ask it: here, and of a server."""
        query = configuration.query(text, knowledge_base, self._instruction)
        return replace(query, literal=self._literal)

    def of(self, opened: Services, knowledge_base: KnowledgeBase) -> Callable[[Configuration], Ask]:
        """Return what answers queries in a configuration."""
        opened.dictionary.wait()
        model = knowledge_base.embedder
        if model not in self._remembering:
            self._remembering[model] = RememberingEmbedder(opened.embedder_of(knowledge_base))
        # However fast this machine is: what is measured is the whole reading.
        settings = replace(opened.settings, reranker_budget=0.0)
        asked = replace(opened, settings=settings, embedder_of=lambda _: self._remembering[model])
        return lambda configuration: (
            lambda text: asked.search(self.query(knowledge_base, configuration, text))
        )


def evaluate_set(
    folder: Path, queries: str, qrels: str, embedder: str, wish: Wish, load: LoadEmbedder | None = None
) -> int:
    """Measure on a judged set, in a library of its own; print, write, return the exit code.

    ``load`` makes an embedder from a model's name; the engines' own by default.
    """
    settings = load_settings()
    compared, metrics = wish.configurations(settings), wish.checked_metrics()
    judged = read_set(folder, queries, qrels)
    coming = [
        Coming(paper_of(document), hash_of(document), document.id, partial(parsed, document, language_of))
        for document in judged.documents
    ]
    base = KnowledgeBase(KnowledgeBaseId(""), judged.name, embedder=embedder or settings.embedder)
    asking = _Asking(settings, literal=True)
    with Counting() as counting, _trial_services(settings, wish.home, load) as library:
        asks = {
            build: asking.of(library, filled)
            for build, filled in _filled(library, judged.name, base, compared, coming, counting)
        }
        dimensions = library.embedder_of(base).encoder.width
        comparison = compare(
            judged.name,
            len(coming),
            judged.questions,
            compared,
            metrics,
            lambda configuration: asks[configuration.build](configuration),
            lambda record: record.file_name,
            counting.told,
        )
    return give(replace(comparison, dimensions=dimensions), wish.files)


def evaluate_base(
    name: str, known_items: int, seed: int, wish: Wish, load: LoadEmbedder | None = None
) -> int:
    """Measure on a knowledge base, by its judgments or by queries cut from it. As ``evaluate_set``."""
    settings = load_settings()
    compared, asking = wish.configurations(settings), _Asking(settings, literal=bool(known_items))
    wish.checked_metrics()  # what is wrong with them is said before waiting
    running = find(settings.home)
    with services(settings, load) as opened, Counting() as counting:
        (base,) = opened.shelves.readable([name])
        questions = _cut_from(base, opened, known_items, seed) if known_items else _judged(base, opened)
        if not questions.queries:
            raise NothingJudged(name=base.name)
        if running is None:
            opened.own_index(_PURPOSE)
            check_complete(base, opened.index_of(base), opened.catalog)
        own = _beside(running, base, asking) if running else asking.of(opened, base)
        comparison = _compared_over(base, opened, own, asking, questions, compared, wish, counting)
        dimensions = opened.space_of(base).dimensions
    return give(replace(comparison, dimensions=dimensions), wish.files)


def _compared_over(
    base: KnowledgeBase,
    opened: Services,
    own: Callable[[Configuration], Ask],
    asking: _Asking,
    questions: Questions,
    compared: Sequence[Configuration],
    wish: Wish,
    counting: Counting,
) -> Comparison:
    """Compare: what is built as the knowledge base is asks it, the rest a library made of its papers."""
    asks = {Build(): own}
    others = [each for each in compared if each.build != Build()]

    def run() -> Comparison:
        return compare(
            base.name,
            base.papers,
            questions,
            compared,
            wish.checked_metrics(),
            lambda configuration: asks[configuration.build](configuration),
            _by_id,
            counting.told,
        )

    if not others:
        return run()
    settings = opened.settings
    with _trial_services(settings, wish.home, partial(_embedder_beside, opened, base)) as library:
        coming = _papers_of(base, opened)
        for build, filled in _filled(library, base.name, base, others, coming, counting):
            asks[build] = asking.of(library, filled)
        return run()


@contextmanager
def _trial_services(settings: Settings, home: Path | None, load: LoadEmbedder | None) -> Iterator[Services]:
    """Open a data folder to measure in: a temporary one, or one that is kept."""
    if home is not None and home.absolute() == settings.home:
        raise InvalidSetting(name="--home", value=home, expected=tr("another folder than your data folder"))
    with tempfile.TemporaryDirectory(prefix="carrel-eval-") as folder:
        own = replace(settings, home=(home or Path(folder)).absolute(), catalog_url="", chroma_url="")
        with services(own, load) as library:
            library.own_index(_PURPOSE)
            yield library


def _filled(
    library: Services,
    name: str,
    base: KnowledgeBase,
    compared: Sequence[Configuration],
    coming: Sequence[Coming],
    counting: Counting,
) -> Iterator[tuple[Build, KnowledgeBase]]:
    """Yield a knowledge base of the trial library for each way of building that is compared."""
    builds = list(dict.fromkeys(configuration.build for configuration in compared))
    made = [(build, knowledge_base_for(library, name, base, build)) for build in builds]
    for build, knowledge_base in made:
        for taken in fill(library, knowledge_base, coming):
            counting.taking(knowledge_base.name, taken)
        (filled,) = library.shelves.readable([knowledge_base.id])
        yield build, filled


def _beside(running: Running, base: KnowledgeBase, asking: _Asking) -> Callable[[Configuration], Ask]:
    """Return what answers queries in a configuration where a server owns the index."""
    return lambda configuration: _asked_of(running, partial(asking.query, base, configuration))


def _asked_of(running: Running, made: Callable[[str], Query]) -> Ask:
    """Return what asks the server that owns the index; ``made`` makes the query of a text."""

    def asked(text: str) -> SearchResult:
        document = ask(running, "/api/v1/search", query_fields(made(text)))
        try:
            return result_of(document or {})
        except (KeyError, ValueError) as error:
            raise ServerSilent(url=running.url, detail=str(error)) from error

    return asked


def _embedder_beside(opened: Services, base: KnowledgeBase, model: str) -> Embedder:
    """Return a model for the trial library: the knowledge base's own with all that it has said already."""
    return RememberingEmbedder(opened.embedder_of(replace(base, embedder=model)))


def _papers_of(base: KnowledgeBase, opened: Services) -> list[Coming]:
    """Return the papers of a knowledge base, to be taken in elsewhere as they were read."""
    with opened.catalog.read() as tx:
        records = papers.records(tx, [base.id])
        hashes = {record.id: papers.sha256_of(tx, record.id) for record in records}
    return [
        Coming(record.id, hashes[record.id], record.file_name, partial(_read, base, opened, record))
        for record in records
    ]


def _read(base: KnowledgeBase, opened: Services, record: PaperRecord) -> ParsedPaper:
    found = read_paper(record.id, record.file_name, base, opened.workshop().tools)
    with opened.catalog.read() as tx:
        return replace(found, metadata=corrections.applied(tx, base.id, record.id, found.metadata))


def _judged(base: KnowledgeBase, opened: Services) -> Questions:
    """Return what people judged, each query under its number."""
    with opened.catalog.read() as tx:
        grades = agreed(judgments.of(tx, base.id))
        held = papers.passage_counts(tx, base)
    numbered = {str(number): query for number, query in enumerate(grades, start=1)}
    by_number = {
        number: {str(k): grade for k, grade in grades[query].items()} for number, query in numbered.items()
    }
    return answerable(numbered, by_number, held.keys())


def _cut_from(base: KnowledgeBase, opened: Services, count: int, seed: int) -> Questions:
    with opened.catalog.read() as tx:
        ids = chosen([record.id for record in papers.records(tx, [base.id])], count, seed)
        records = papers.records(tx, [base.id], ids)
        items = [
            Item(
                record.id,
                record.metadata.title,
                record.metadata.abstract,
                passages.of_paper(tx, base, record.id),
            )
            for record in records
        ]
        groups = versions.groups(tx, [base.id], ids)
    return questions_of(items, groups, seed)


def _by_id(record: PaperRecord) -> str:
    return record.id
