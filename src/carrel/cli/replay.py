"""``carrel replay``: a recorded search made again, and in what the answers differ."""

from collections.abc import Iterable
from pathlib import Path

from carrel.cli.output import Json, print_json, printable, shortened
from carrel.cli.recording import read_record, record_in
from carrel.cli.search import answered
from carrel.config import load_settings
from carrel.core.engine_errors import NoRerankerConfigured
from carrel.core.error_base import kind_of
from carrel.core.errors import KnowledgeBaseMissing
from carrel.core.language import tr
from carrel.core.record_errors import RecordForeign
from carrel.core.search_record import Cause, Comparison, Difference, SearchRecord, What, compared
from carrel.core.server_errors import ServerRefuses

_WIDEST = 110
_SHOWN = 20  # characters of a long value


def replay_record(file: Path, as_json: bool) -> int:
    """Make the search again and print in what it differs. Exit code 0: the same list, 1: another one."""
    before = record_in(file)
    comparison = compared(before, _made_again(file, before))
    if as_json:
        print_json(_document(before, comparison))
    else:
        _print(before, comparison)
    return 1 if comparison.differences else 0


def _made_again(file: Path, before: SearchRecord) -> SearchRecord:
    """Return the record of the same search, made now.

    Raises:
        RecordForeign: some of its knowledge bases are not here.
        CarrelError: as ``carrel search``.
    """
    settings = load_settings()
    query = before.query
    try:
        try:
            found = answered(settings, query, rerank=query.rerank, record=True)
        except (NoRerankerConfigured, ServerRefuses) as error:
            # Where no reranker is set any more the others are compared, and the missing one is named.
            if isinstance(error, ServerRefuses) and error.kind != kind_of(NoRerankerConfigured):
                raise
            found = answered(settings, query, rerank=False, record=True)
        return read_record(file, found.record)
    except (KnowledgeBaseMissing, ServerRefuses) as error:
        if isinstance(error, ServerRefuses) and error.kind != kind_of(KnowledgeBaseMissing):
            raise
        names = ", ".join(repr(base.name) for base in before.knowledge_bases)
        raise RecordForeign(path=file, names=names) from error


def _document(before: SearchRecord, comparison: Comparison) -> dict[str, Json]:
    return {
        "same": not comparison.differences,
        "recorded_at": before.at,
        "results": len(before.papers),
        "differences": [
            {
                "what": each.what.value,
                "paper_id": each.paper,
                "title": each.title,
                "before": each.before,
                "now": each.now,
            }
            for each in comparison.differences
        ],
        "causes": [
            {
                "what": each.what,
                "knowledge_base": each.knowledge_base,
                "before": each.before,
                "now": each.now,
            }
            for each in comparison.causes
        ],
    }


def _print(before: SearchRecord, comparison: Comparison) -> None:
    if not comparison.differences:
        print(tr("The same list: {count} papers.").format(count=len(before.papers)))
    for line in map(_difference_line, comparison.differences):
        print(shortened(printable(line), _WIDEST))
    if comparison.causes:
        print(tr("Not as it was on {at}:").format(at=printable(before.at[:10])))
    elif comparison.differences:
        print(tr("Everything that a record knows of is as it was: a paper was changed, or a model's server."))
    _print_causes(comparison.causes)


def _print_causes(causes: Iterable[Cause]) -> None:
    for each in causes:
        of = f"{each.knowledge_base}: " if each.knowledge_base else ""
        before, now = map(_short, (each.before, each.now))
        print(shortened(printable(f"  {of}{_named(each.what)}: {before} → {now}"), _WIDEST))


def _short(value: str) -> str:
    return (value if len(value) <= 2 * _SHOWN else f"{value[:_SHOWN]}…") or "—"


def _difference_line(each: Difference) -> str:
    line = {
        What.MOVED: tr("moved from {before} to {now}: {title}"),
        What.GONE: tr("gone from {before}: {title}"),
        What.NEW: tr("new at {now}: {title}"),
        What.SCORE: tr("score {before} → {now}: {title}"),
        What.PASSAGES: tr("other passages: {title}"),
    }[each.what]
    before, now = (f"{value:.6f}" if isinstance(value, float) else value for value in (each.before, each.now))
    return line.format(before=before, now=now, title=each.title or each.paper)


def _named(what: str) -> str:
    names = {
        "version": tr("Carrel's version"),
        "reranker": tr("reranker"),
        "read": tr("papers that the reranker read"),
        "dictionary": tr("dictionary"),
        "instruction": tr("instruction to the model"),
        "generation": tr("generation of the index"),
        "model": tr("model"),
        "revision": tr("revision of the model"),
        "space": tr("space of the vectors"),
        "dimensions": tr("dimensions"),
        "chunking": tr("size and overlap of passages"),
        "parser": tr("parser"),
        "papers": tr("papers"),
        "passages": tr("passages"),
        "searched": tr("searched"),
        "weights": tr("weights of the fusion"),
    }
    return names[what]
