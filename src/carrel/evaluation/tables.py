"""A comparison as tables: for the terminal, for Markdown, and as one JSON document."""

from collections.abc import Sequence
from dataclasses import dataclass

from carrel import __version__
from carrel.core import counts
from carrel.core.language import tr
from carrel.evaluation.comparison import Comparison, Figure, Outcome
from carrel.evaluation.known_items import DEEP, SENTENCE, TITLE
from carrel.storage.clock import now

SURE = 0.05
"""Below this p, a difference is called significant."""

MOST_MOVED = 10
"""Queries that are listed as won, and as lost."""

Row = tuple[str, ...]
Json = None | bool | int | float | str | Sequence["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Table:
    """A head and rows as long as it; all but the first column are numbers."""

    head: Row
    rows: tuple[Row, ...]

    def markdown(self) -> str:
        """Return the table in Markdown."""
        lines = [self.head, tuple("---" if place == 0 else "---:" for place in range(len(self.head)))]
        return "\n".join("| " + " | ".join(map(_in_a_cell, row)) + " |" for row in (*lines, *self.rows))


@dataclass(frozen=True, slots=True)
class Moved:
    """A query that a configuration answers otherwise than the baseline."""

    query: str
    text: str
    before: float
    after: float

    @property
    def difference(self) -> float:
        """What it gained; below 0 where it lost."""
        return self.after - self.before


def figures(comparison: Comparison) -> Table:
    """Return every metric of every configuration, and how long a search took."""
    head = (tr("configuration"), *comparison.metrics, tr("ms a search"))
    return Table(
        head,
        tuple(
            (
                outcome.configuration.label,
                *(f"{figure.mean:.4f}{_mark(figure)}" for figure in outcome.figures),
                f"{outcome.median_ms:.0f}",
            )
            for outcome in comparison.outcomes
        ),
    )


def against_the_baseline(comparison: Comparison, metric: str) -> Table:
    """Return how each configuration but the first stands to it, by one metric."""
    head = (
        tr("against {label}, {metric}").format(label=comparison.baseline.configuration.label, metric=metric),
        tr("difference"),
        tr("p (Holm)"),
        tr("won"),
        tr("lost"),
        tr("tied"),
    )
    rows = []
    for outcome in comparison.outcomes[1:]:
        (figure,) = (figure for figure in outcome.figures if figure.metric == metric)
        if (found := figure.against) is not None:
            p = "< 0.0001" if figure.corrected_p < 1e-4 else f"{figure.corrected_p:.4f}"
            counts = (str(found.wins), str(found.losses), str(found.ties))
            rows.append((outcome.configuration.label, f"{found.difference:+.4f}", p, *counts))
    return Table(head, tuple(rows))


def by_kind(comparison: Comparison, metric: str) -> Table | None:
    """Return the mean of each kind of query; None where all are of one kind."""
    kinds = comparison.kinds(metric)
    if not kinds:
        return None
    counts = list(comparison.questions.kinds.values())
    head = (metric, *(f"{_kind(kind)} ({counts.count(kind)})" for kind in kinds))
    return Table(
        head,
        tuple(
            (outcome.configuration.label, *(f"{means[place]:.4f}" for means in kinds.values()))
            for place, outcome in enumerate(comparison.outcomes)
        ),
    )


def moved(comparison: Comparison, outcome: Outcome, metric: str) -> tuple[list[Moved], list[Moved]]:
    """Return the queries that win most, and those that lose most."""
    before, after = comparison.baseline.values[metric], outcome.values[metric]
    queries = comparison.questions.queries
    all_of_them = [
        Moved(query, queries[query], before[query], after[query])
        for query in comparison.differences(outcome, metric)
    ]
    won = [each for each in all_of_them if each.difference > 0][:MOST_MOVED]
    lost = [each for each in reversed(all_of_them) if each.difference < 0][:MOST_MOVED]
    return won, lost


def summary(comparison: Comparison) -> str:
    """Return what was measured, in a line."""
    documents, queries = comparison.documents, len(comparison.questions.queries)
    said = f"{comparison.name}: {counts.listed(counts.documents(documents), counts.queries(queries))}"
    if comparison.questions.unanswered:
        left_out = tr("{count} left out, no answer to them is there")
        said += f" ({left_out.format(count=comparison.questions.unanswered)})"
    return said


def warnings(comparison: Comparison) -> list[str]:
    """Return what makes figures other than they seem: answers not made as the configuration says."""
    said = tr("{label}: {queries} answered without a model or the reranker, which did not answer.")
    return [
        said.format(label=outcome.configuration.label, queries=counts.queries(outcome.hindered))
        for outcome in comparison.outcomes
        if outcome.hindered
    ]


def markdown(comparison: Comparison) -> str:
    """Return the comparison as a Markdown document."""
    main = comparison.metrics[0]
    parts = [f"## {summary(comparison)}", *warnings(comparison), figures(comparison).markdown()]
    if len(comparison.outcomes) > 1:
        parts += [note_on_marks(), against_the_baseline(comparison, main).markdown()]
    if (kinds := by_kind(comparison, main)) is not None:
        parts.append(kinds.markdown())
    for outcome in comparison.outcomes[1:]:
        for title, found in zip((tr("won"), tr("lost")), moved(comparison, outcome, main), strict=True):
            head = (f"{outcome.configuration.label}: {title}", tr("before"), tr("after"))
            rows = tuple((each.text, f"{each.before:.4f}", f"{each.after:.4f}") for each in found)
            parts += [Table(head, rows).markdown()] if rows else []
    parts.append(f"Carrel {__version__}, {now()[:10]}")
    return "\n\n".join(parts) + "\n"


def document(comparison: Comparison) -> dict[str, Json]:
    """Return the comparison as programs read it, every query's value in it."""
    questions = comparison.questions
    return {
        "name": comparison.name,
        "documents": comparison.documents,
        "queries": dict(questions.queries),
        "queries_left_out": questions.unanswered,
        "kinds": dict(questions.kinds),
        "metrics": list(comparison.metrics),
        "baseline": comparison.baseline.configuration.label,
        "configurations": [_outcome(outcome) for outcome in comparison.outcomes],
        "made_by": f"carrel {__version__}",
        "made_at": now(),
    }


def _outcome(outcome: Outcome) -> dict[str, Json]:
    configuration, build = outcome.configuration, outcome.configuration.build
    return {
        "configuration": configuration.label,
        "mode": configuration.mode.value,
        "rerank": configuration.rerank,
        "prefer": [each.value for each in configuration.prefer],
        "diverse": configuration.diverse,
        "dimensions": build.dimensions or None,
        "chunk": build.chunk or None,
        "overlap": build.overlap or None,
        "embedder": build.embedder or None,
        "hindered": outcome.hindered,
        "milliseconds": {"median": outcome.median_ms, "p95": outcome.slow_ms},
        "metrics": {figure.metric: _figure(figure) for figure in outcome.figures},
        "by_query": {metric: dict(values) for metric, values in outcome.values.items()},
    }


def _figure(figure: Figure) -> dict[str, Json]:
    said: dict[str, Json] = {"mean": figure.mean, "low": figure.low, "high": figure.high}
    if (found := figure.against) is not None:
        said |= {
            "difference": found.difference,
            "p": found.p,
            "p_holm": figure.corrected_p,
            "wins": found.wins,
            "losses": found.losses,
            "ties": found.ties,
        }
    return said


def _mark(figure: Figure) -> str:
    if figure.against is None or figure.corrected_p >= SURE:
        return ""
    return " ▲" if figure.against.difference > 0 else " ▼"


def note_on_marks() -> str:
    """Return what the marks beside figures mean."""
    return tr("▲ ▼: better or worse than the first with p < {sure}, corrected for several.").format(sure=SURE)


def _kind(kind: str) -> str:
    names = {
        TITLE: tr("titles"),
        SENTENCE: tr("sentences of abstracts"),
        DEEP: tr("passages from deep inside"),
    }
    return names.get(kind, kind)


def _in_a_cell(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")
