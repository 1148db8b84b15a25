"""``carrel doctor --embedder``: is a server fit to embed papers with, and if not, why and what to do."""

from dataclasses import dataclass, replace

from carrel.cli.output import Json, print_json, printable
from carrel.config import Settings, load_settings
from carrel.core.errors import InvalidSetting
from carrel.core.exchange import Exchange
from carrel.core.language import tr
from carrel.engines.examination.examine import Examination, advised_requests
from carrel.engines.examination.opening import subject_of
from carrel.engines.examination.speed import Speed, best_of
from carrel.engines.examination.subject import Subject
from carrel.engines.examination.verdict import Check, Status
from carrel.engines.models import model_names
from carrel.search.present import exchange_document

IN_SETTINGS = "settings"
"""Stands for the address in the settings where ``--embedder`` has none."""

_SETTING = "CARREL_EMBEDDER"
_FAILED, _UNREACHABLE = 1, 3
_MARKS = {Status.PASS: "✓", Status.WARN: "!", Status.FAIL: "✗", Status.SKIP: "-"}


@dataclass(frozen=True, slots=True)
class Request:
    """What to examine: an address or ``IN_SETTINGS``, a model's name as served, a key, a profile's name."""

    url: str
    model: str = ""
    api_key: str = ""
    profile: str = ""
    quick: bool = False


def report_embedder(request: Request, as_json: bool) -> int:
    """Examine a server and print what came of it.

    Returns the exit code: 3 where nothing answers, 1 where a check failed, otherwise 0.

    Raises:
        InvalidSetting: the address or the profile makes no sense, or there is no address.
    """
    subject = _subject(request, load_settings())
    examination = Examination(subject)
    checks: list[Check] = []
    try:
        for check in examination.checks():
            checks.append(check)
            if not as_json:
                _print_check(check)
    finally:
        subject.wire.close()
    if as_json:
        print_json(_document(examination, checks))
    else:
        _print_rest(examination)
    if examination.unreachable:
        return _UNREACHABLE
    return _FAILED if any(check.status is Status.FAIL for check in checks) else 0


def _subject(request: Request, settings: Settings) -> Subject:
    url = settings.embedder_url if request.url == IN_SETTINGS else request.url
    served = settings.embedder if settings.embedder not in model_names() else ""
    if not url:
        expected = "an address such as http://127.0.0.1:8000/v1, there or behind --embedder"
        raise InvalidSetting(name=f"{_SETTING}_URL", value="", expected=expected)
    # The key in the settings goes to the address in the settings and to no other.
    ours = url == settings.embedder_url
    key = request.api_key or (settings.embedder_api_key if ours else "")
    model = request.model or (served if ours else "")
    chosen = request.profile or (settings.embedder_profile if ours else "")
    asked = replace(settings, embedder_url=url, embedder_api_key=key, embedder_profile=chosen)
    if not ours:
        asked = replace(
            asked,
            embedder_width=0,
            embedder_query_template="",
            embedder_document_template="",
            embedder_max_tokens=0,
        )
    return subject_of(model, asked, request.quick)


def _document(examination: Examination, checks: list[Check]) -> Json:
    subject = examination.subject
    curve = examination.curve
    return {
        "ok": all(check.status is not Status.FAIL for check in checks),
        "endpoint": subject.wire.endpoint.url,
        "model": subject.model,
        "server": {"kind": subject.facts.kind.value, "version": subject.facts.version},
        "checks": [
            {
                "name": check.name,
                "status": check.status.value,
                "message": check.message,
                "cause": check.cause,
                "advice": check.advice,
            }
            for check in checks
        ],
        "throughput": [_speed_document(speed) for speed in curve],
        "best": _best_document(curve) if curve else None,
        "exchange": exchange_document(examination.exchange) if examination.exchange else None,
    }


def _speed_document(speed: Speed) -> dict[str, Json]:
    return {
        "batch": speed.batch,
        "requests": speed.requests,
        "texts_per_second": round(speed.texts_per_second, 2),
        "tokens_per_second": round(speed.tokens_per_second, 1),
        "p50_ms": round(speed.p50_ms, 1),
    }


def _best_document(curve: list[Speed]) -> dict[str, Json]:
    best = best_of(curve)
    settings = {
        "CARREL_EMBEDDER_BATCH_TEXTS": str(best.batch),
        "CARREL_EMBEDDER_REQUESTS": str(advised_requests(curve)),
    }
    return {**_speed_document(best), "settings": settings}


def _print_check(check: Check) -> None:
    print(f"{_MARKS[check.status]} {check.name}: {printable(check.message)}")
    if check.cause:
        print(f"    {tr('cause')}: {printable(check.cause)}")
    if check.advice:
        print(f"    {tr('what to do')}: {printable(check.advice)}", flush=True)


def _print_rest(examination: Examination) -> None:
    if examination.curve:
        print()
        print(tr("texts a request × requests at once: texts/s, tokens/s, median ms"))
        for speed in examination.curve:
            print(
                f"{speed.batch:>4} × {speed.requests:<2} {speed.texts_per_second:>10.1f} "
                f"{speed.tokens_per_second:>10.0f} {speed.p50_ms:>8.0f}"
            )
    if examination.exchange is not None:
        print()
        print(tr("The first request as it was sent, and the reply:"))
        print_exchange(examination.exchange)


def print_exchange(exchange: Exchange) -> None:
    """Print a request and its reply as they went over the wire, keys hidden and vectors shortened."""
    print(f"> {exchange.method} {printable(exchange.url)}")
    for header in exchange.headers:
        print(f"> {printable(header)}")
    print(f"> {printable(exchange.sent)}")
    print(f"< HTTP {exchange.status} ({exchange.milliseconds:.0f} ms)")
    print(f"< {printable(exchange.received)}")
