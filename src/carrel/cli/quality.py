"""How well a paper was read, for a person and for a program."""

from carrel.cli.output import Json
from carrel.core.language import tr
from carrel.core.metadata_format import quality_fields
from carrel.core.quality import ParseQuality, Verdict, faults


def quality_document(quality: ParseQuality) -> dict[str, Json]:
    """Return the quality as programs read it: score, verdict, and each measure; null is not measured."""
    measures: dict[str, Json] = {
        name: value if value is None or isinstance(value, float) else _pages(value)
        for name, value in quality_fields(quality).items()
    }
    return {"score": round(quality.score, 4), "verdict": quality.verdict.value} | measures


def quality_in_words(quality: ParseQuality) -> str:
    """Return the verdict, the score, what is wrong, and what was not measured."""
    unmeasured = () if quality.interleaved is not None else (tr("order and layout not measured"),)
    return ": ".join(filter(None, (verdict_in_words(quality), "; ".join((*faults(quality), *unmeasured)))))


def verdict_in_words(quality: ParseQuality) -> str:
    """Return the verdict and the score, such as ``good (0.97)``."""
    verdict = {Verdict.GOOD: tr("good"), Verdict.FAIR: tr("fair"), Verdict.POOR: tr("poor")}
    return f"{verdict[quality.verdict]} ({quality.score:.2f})"


def _pages(value: object) -> list[Json]:
    return [int(page) for page in value] if isinstance(value, list) else []
