"""``carrel search``: a question in, papers with passages out."""

import contextvars
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from carrel.cli.output import Json, note, place_of, print_json, printable, shortened, wrapped
from carrel.cli.sent import exchange_lines, rerank_line, translation_line
from carrel.cli.server_file import Running, find
from carrel.cli.understood_line import understood_line
from carrel.cli.versions import version_line
from carrel.config import Settings, load_settings
from carrel.core.engine_errors import NoRerankerConfigured
from carrel.core.errors import CarrelError
from carrel.core.knowledge_base import DEFAULT_EMBEDDER
from carrel.core.language import tr
from carrel.core.ports import Embedder
from carrel.core.ranking import Hit, LeftOut, Mode, PassageHit, Query, SearchResult
from carrel.core.search_record_format import query_fields, record_fields
from carrel.core.server_errors import ServerSilent
from carrel.library.mending import check_complete
from carrel.search import understand
from carrel.search.present import search_document

_WIDEST = 100


def search_papers(
    query: Query, rerank: bool | None, explain: bool, record: Path | None, as_json: bool
) -> int:
    """Search, print the result, return the exit code.

    Args:
        query: as it was typed: papers by the beginnings of their ids or names of files; without an
            instruction the settings' is taken.
        rerank: None: as the settings say.
        explain: with how the answer came about.
        record: the file for a record of the search.
        as_json: one JSON document on standard output.
    """
    settings = load_settings()
    understand.read(query.text, bool(query.liked), query.literal)  # what is wrong is said at once
    asked = replace(query, instruction=query.instruction or settings.query_instruction)
    answer = answered(settings, asked, explain, rerank, record=record is not None)
    if record is not None:
        from carrel.cli.recording import write_record

        write_record(record, answer.record, query.text)
    if as_json:
        print_json(answer.document)
    else:
        print_result(answer.result(), explain)
    return 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found: for programs, as the journey has it, and its record where one was wanted."""

    document: Json
    result: Callable[[], SearchResult]
    record: Mapping[str, object] | None = None


def answered(
    settings: Settings,
    query: Query,
    explain: bool = False,
    rerank: bool | None = None,
    record: bool = False,
) -> Answer:
    """Search: in the server that owns the index, or here. ``rerank`` None: as the settings there say."""
    rerank = False if rerank is None and not settings.rerank else rerank
    if (running := find(settings.home)) is not None:
        said = _answered_by(running, query, explain, rerank, record)
        if said is not None:
            return said
    # The model loads in a thread of its own while this one imports the rest.
    load = _preloaded(settings) if query.mode is not Mode.LEXICAL else None
    from carrel.cli.session import services
    from carrel.search.translate import is_chinese

    with services(settings, load) as opened:
        opened.shelves.readable(query.knowledge_bases)  # a wrong name is said before waiting
        query = replace(query, rerank=opened.reranks(rerank))
        if query.rerank and not opened.has_reranker():
            raise NoRerankerConfigured()  # said before anything is loaded
        opened.own_index("carrel search", at_once=True)
        for knowledge_base in opened.shelves.readable(query.knowledge_bases):
            if knowledge_base.papers:
                try:
                    index = opened.index_of(knowledge_base)
                except CarrelError:  # said by the search, or what is left out of it
                    continue
                check_complete(knowledge_base, index, opened.catalog)
        readable = opened.shelves.readable()
        query = replace(
            query,
            liked=tuple(opened.shelves.named(each, readable).id for each in query.liked),
            disliked=tuple(opened.shelves.named(each, readable).id for each in query.disliked),
        )
        if is_chinese(query.text):
            opened.dictionary.wait()
        result = opened.search(query)
        made = record_fields(opened.record(query, result), query.text) if record else None
    return Answer(search_document(result, explain), lambda: result, made)


def _answered_by(
    running: Running, query: Query, explain: bool, rerank: bool | None, record: bool
) -> Answer | None:
    """Have the server search that owns the index; None where it is gone. Raises as ``client.ask``."""
    from carrel.cli.client import ask
    from carrel.cli.search_reply import result_of

    question: dict[str, Json] = {**query_fields(query), "rerank": rerank, "explain": explain}
    if record:
        question["record"] = True
    document = ask(running, "/api/v1/search", question)
    if document is None:
        return None

    def result() -> SearchResult:
        try:
            return result_of(document)
        except (KeyError, ValueError) as error:
            raise ServerSilent(url=running.url, detail=str(error)) from error

    made = document.pop("record", None)
    return Answer(document, result, made)  # type: ignore[arg-type]  # it came as JSON


def _preloaded(settings: Settings) -> Callable[[str], Embedder]:
    """Begin to load the default model in a thread; return what makes an embedder from a name.

    Not where its files must be fetched first, since an empty library needs no model, nor where another
    model is the library's.
    """
    from carrel.engines.embedders import load_embedder
    from carrel.engines.models import load_minilm
    from carrel.engines.weights import MINILM, all_present

    def make(model: str) -> Embedder:
        return load_embedder(model, settings, note)

    default = load_minilm(
        settings.cache, announce=note, threads=settings.model_threads, offline=settings.offline
    )

    def load() -> None:
        # Whatever is wrong with the model is raised again where it is first used.
        with suppress(CarrelError):
            default.load()

    if settings.embedder != DEFAULT_EMBEDDER or not all_present(MINILM, MINILM.folder(settings.cache)):
        return make
    context = contextvars.copy_context()  # the reader's language is in it
    threading.Thread(target=context.run, args=(load,), daemon=True, name="load-model").start()
    return lambda model: default if model == DEFAULT_EMBEDDER else make(model)


def print_result(result: SearchResult, explain: bool) -> None:
    """Print the result for a person: rank, title, and the passage with its section and page."""
    columns = min(shutil.get_terminal_size((80, 24)).columns, _WIDEST)
    for left_out in result.left_out:
        note(_left_out_line(left_out))
        if left_out.hint:
            note(left_out.hint)
    if line := understood_line(result):
        print(_styled(line, "2"))
    if (translation := result.translation) is not None and translation.made:
        print(_styled(printable(translation_line(translation)), "2") + "\n")
    elif translation is not None:
        note(translation_line(translation))
    if not result.hits:
        print(tr("Nothing was found. Try other words, or see what there is with: carrel list"))
    for hit in result.hits:
        _print_hit(hit, columns, explain)
    if (reranking := result.reranking) is not None and (result.hits or not reranking.applied):
        print(_styled(printable(rerank_line(reranking)), "2"))
    took = tr("{count} papers in {total:.0f} ms").format(count=len(result.hits), total=result.took_ms.total)
    if explain:
        parts = ", ".join(f"{signal.value} {len(found)}" for signal, found in result.candidates)
        took = f"{took} ({_timings(result)}; {parts})"
    print(_styled(took, "2"))
    for exchange in result.exchanges if explain else ():
        for line in exchange_lines(exchange):
            print(_styled(printable(line), "2"))


def _left_out_line(left_out: LeftOut) -> str:
    text = tr("{name!r} was searched by words alone: {reason}")
    if not left_out.by_words:
        text = tr("{name!r} was left out: {reason}")
    return text.format(name=left_out.name, reason=left_out.reason)


def _print_hit(hit: Hit, columns: int, explain: bool) -> None:
    metadata = hit.paper.metadata
    title = printable(metadata.title or hit.paper.file_name)
    lead, *rest = wrapped(title, columns - 5) or [hit.paper.file_name]
    print(f"{hit.rank:>3}. {_styled(lead, '1')}")
    for line in rest:
        print(f"     {_styled(line, '1')}")
    authors = ", ".join(metadata.authors[:3]) + (" et al." if len(metadata.authors) > 3 else "")
    facts = [hit.paper.id[:10], str(metadata.year or ""), authors, hit.paper.file_name]
    print(_styled("     " + shortened(printable(" · ".join(f for f in facts if f)), columns - 5), "2"))
    if also := version_line(hit.versions):
        print(_styled("     " + shortened(also, columns - 5), "2"))
    for number, passage in enumerate(hit.passages):
        _print_passage(passage, columns, whole=number == 0)
    if explain:
        for part in hit.contributions:
            found = "—" if part.score is None else f"#{part.rank}, {part.score:.4f}"
            print(_styled(f"     {part.signal.value}: {found} → {part.share:.4f}", "2"))
        if hit.quotation:
            print(_styled(f"     quotation → {hit.quotation:.4f}", "2"))
        if hit.rerank_score is not None:
            print(_styled(f"     rerank: {hit.rerank_score:.4f}", "2"))
        for favour in hit.favours:
            known = "—" if favour.value is None else favour.value
            print(_styled(f"     {favour.preference.value}: {known} → {favour.share:.4f}", "2"))
        if hit.place_before is not None:
            print(_styled(f"     diverse: #{hit.place_before} before", "2"))
    print()


def _print_passage(found: PassageHit, columns: int, whole: bool) -> None:
    passage = found.passage
    place = place_of(passage)
    section = printable(passage.section)
    print("     " + _styled(shortened(f"{section} · {place}" if section else place, columns - 5), "36"))
    lines = wrapped(printable(passage.text), columns - 7)
    for line in lines if whole else []:
        print(f"     │ {line}")


def _timings(result: SearchResult) -> str:
    took = result.took_ms
    stages = f"embed {took.embed:.1f}, retrieve {took.retrieve:.1f}, fuse {took.fuse:.1f}"
    return f"{stages}, rerank {took.rerank:.1f} ms"


def _styled(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if sys.stdout.isatty() else text
