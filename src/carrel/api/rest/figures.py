"""What is counted: requests, searches, and on being asked what the catalog holds."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from carrel.core.errors import CarrelError
from carrel.core.jobs import JobState
from carrel.core.ranking import StageTimings
from carrel.storage import job_lists
from carrel.storage.catalog import Catalog
from carrel.storage.clock import now

_STAGES = ("embed", "retrieve", "fuse", "rerank", "total")


class Figures:
    """Counters of one server, in a registry of their own. Safe to use from several threads."""

    def __init__(self, catalog: Catalog) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "carrel_http_requests", "Answers.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "carrel_http_seconds", "Until an answer began.", ["route"], registry=self.registry
        )
        self._stages = Histogram(
            "carrel_search_seconds",
            "Of a search, by stage.",
            ["stage"],
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self.registry.register(_Holdings(catalog))

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer; ``route`` is its pattern, so that there are few."""
        known = method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def searched(self, took: StageTimings) -> None:
        """Count a search."""
        for stage in _STAGES:
            self._stages.labels(stage).observe(getattr(took, stage) / 1000)


class _Holdings(Collector):
    """Asks the catalog when figures are asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def describe(self) -> Iterable[Metric]:
        """Return nothing: otherwise the catalog would be read on registering."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield what the catalog holds; nothing while it cannot be read."""
        try:
            with self._catalog.read() as tx:
                states = job_lists.counts(tx)
                oldest = job_lists.oldest_waiting(tx)
                row = tx.row("SELECT count(*) AS papers, sum(passages) AS passages FROM holdings")
        except CarrelError:
            return
        jobs = GaugeMetricFamily("carrel_jobs", "Jobs by state.", labels=["state"])
        for state in JobState:
            jobs.add_metric([state.value], states.get(state.value, 0))
        yield jobs
        yield GaugeMetricFamily("carrel_papers", "Searchable papers.", value=row["papers"] if row else 0)
        passages = (row["passages"] if row else 0) or 0
        yield GaugeMetricFamily("carrel_passages", "Searchable passages.", value=passages)
        yield GaugeMetricFamily(
            "carrel_queue_age_seconds", "Since the oldest job came that waits.", value=_age(oldest)
        )


def _age(time: str) -> float:
    if not time:
        return 0.0
    return max(0.0, (datetime.fromisoformat(now()) - datetime.fromisoformat(time)).total_seconds())
