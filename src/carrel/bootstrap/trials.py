"""A model's server tried before papers or searches depend on it, asked exactly as it would be then."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from carrel.config import Settings
from carrel.core.endpoints import ModelEndpoint, Purpose
from carrel.core.exchange import Exchange
from carrel.engines.address import endpoint_at
from carrel.engines.examination.examine import Examination, advised_requests
from carrel.engines.examination.opening import subject_of
from carrel.engines.examination.reranking import examine_reranker
from carrel.engines.examination.speed import Speed, best_of
from carrel.engines.examination.verdict import Check, Status
from carrel.engines.named_endpoints import settings_of
from carrel.engines.rerankers import load_reranker

_THROUGHPUT_SECONDS = 8.0  # somebody looks at a page and waits


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it. ``best`` is the smallest setting that is as fast as the fastest of ``curve``."""

    url: str
    model: str
    server: str
    checks: tuple[Check, ...]
    curve: tuple[Speed, ...] = ()
    best: Speed | None = None
    exchanges: tuple[Exchange, ...] = ()

    @property
    def requests(self) -> int:
        """How many requests at once are advised; 0 where it was not measured."""
        return advised_requests(self.curve) if self.curve else 0

    def count(self, status: str) -> int:
        """Return how many checks ended so."""
        return sum(check.status.value == status for check in self.checks)

    @property
    def worst(self) -> Status:
        """How the worst of the checks ended."""
        order = (Status.FAIL, Status.WARN, Status.PASS, Status.SKIP)
        found = {check.status for check in self.checks}
        return next((status for status in order if status in found), Status.SKIP)


def try_endpoint(endpoint: ModelEndpoint, api_key: str, settings: Settings, quick: bool = False) -> Trial:
    """Try a server as it is to be named; what it does wrong is in the checks.

    Raises:
        InvalidSetting: the address or an option makes no sense.
    """
    wanted = settings_of(endpoint, api_key, settings)
    if endpoint.purpose is Purpose.RERANKER:
        return try_reranker(wanted)
    return try_embedder(endpoint.model, wanted, quick)


def try_embedder(model: str, settings: Settings, quick: bool = False) -> Trial:
    """Try the settings' server of embeddings. Raises as ``try_endpoint``."""
    subject = subject_of(model, settings, quick, _THROUGHPUT_SECONDS)
    with closing(subject.wire):
        examination = Examination(subject)
        checks = tuple(examination.checks())
    curve = tuple(examination.curve)
    return Trial(
        url=subject.wire.endpoint.url,
        model=subject.model,
        server=" ".join(part for part in (subject.facts.kind.value, subject.facts.version) if part),
        checks=checks,
        curve=curve,
        best=best_of(curve) if curve else None,
        exchanges=_shown([examination.exchange] if examination.exchange else []),
    )


def try_reranker(settings: Settings) -> Trial:
    """Try the settings' reranker, which there must be. Raises as ``try_endpoint``."""
    url = settings.reranker_url and endpoint_at(settings.reranker_url, "CARREL_RERANKER").url
    reranker = load_reranker(settings)
    if reranker is None:
        return Trial(url, "", "", ())
    with closing(reranker):
        checks, exchanges = examine_reranker(reranker, settings.reranker_seconds)
    return Trial(url, settings.reranker, "", tuple(checks), exchanges=_shown(exchanges))


def _shown(exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    return tuple(exchanges[:1])
