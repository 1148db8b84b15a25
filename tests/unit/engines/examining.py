"""Examines a fake server as ``carrel doctor --embedder`` does."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from carrel.engines.address import endpoint_at
from carrel.engines.examination.examine import Examination
from carrel.engines.examination.subject import Plan, Subject
from carrel.engines.examination.verdict import Check, Status
from carrel.engines.profiles import ModelProfile, named_profile
from carrel.engines.wire import Wire
from tests.fakes.causal_model import NAME, WIDTH
from tests.fakes.embedding_server import EmbeddingServerFake, serving

TINY = replace(named_profile("Qwen3-Embedding"), name="Tiny", width=WIDTH)
QUICK = Plan(quick=True)
KEY = "secret-key-1234"


def examined(
    fake: EmbeddingServerFake,
    *,
    model: str = NAME,
    profile: ModelProfile = TINY,
    plan: Plan = QUICK,
    key: str = "",
    seconds: float = 10.0,
    change: Callable[[str], str] = str,
) -> tuple[Examination, dict[str, Check]]:
    """Serve and examine; return the examination and its checks by name."""
    with serving(fake) as url:
        return examined_at(change(url), model=model, profile=profile, plan=plan, key=key, seconds=seconds)


def examined_at(
    url: str,
    *,
    model: str = NAME,
    profile: ModelProfile = TINY,
    plan: Plan = QUICK,
    key: str = "",
    seconds: float = 10.0,
) -> tuple[Examination, dict[str, Check]]:
    wire = Wire(endpoint_at(url, "CARREL_EMBEDDER", key), seconds)
    try:
        examination = Examination(Subject(wire, model, profile, plan))
        checks = list(examination.checks())
    finally:
        wire.close()
    assert len({check.name for check in checks}) == len(checks)
    for check in checks:
        assert check.message
        if check.status is Status.FAIL:
            assert check.cause
            assert check.advice
    return examination, {check.name: check for check in checks}


def failures(checks: Mapping[str, Check]) -> set[str]:
    return {name for name, check in checks.items() if check.status is Status.FAIL}


def warnings(checks: Mapping[str, Check]) -> set[str]:
    return {name for name, check in checks.items() if check.status is Status.WARN}
