"""The similarities that the cards of Qwen3-Embedding print for their example, against the server's.

https://huggingface.co/Qwen/Qwen3-Embedding-0.6B (4B, 8B): two questions with an instruction, two documents.
"""

import re

import numpy as np

from carrel.core.language import tr
from carrel.engines.examination.reading import CARD_TASK
from carrel.engines.examination.subject import Subject
from carrel.engines.examination.verdict import Check, failed, passed, skipped

PUBLISHED = "published figures"

_QUESTIONS = ("What is the capital of China?", "Explain gravity")
_DOCUMENTS = (
    "The capital of China is Beijing.",
    "Gravity is a force that attracts two bodies towards each other. It gives weight to physical objects and "
    "is responsible for the movement of planets around the sun.",
)
SIMILARITIES = {
    "Qwen3-Embedding-0.6B": ((0.7646, 0.1414), (0.1355, 0.6000)),
    "Qwen3-Embedding-4B": ((0.7534, 0.1147), (0.0320, 0.6258)),
    "Qwen3-Embedding-8B": ((0.7493, 0.0751), (0.0880, 0.6318)),
}
"""[questions, documents] by the model's name."""

_FULL_PRECISION = 0.02
_QUANTISED = 0.05
_SIGNS_OF_QUANTISATION = re.compile(r"q[2-8](?:_|\b)|int[48]|awq|gptq|fp8|nf4|mxfp4|bnb")


def is_quantised(model: str) -> bool:
    """Whether a model's name says that its weights have fewer than 16 bits."""
    return bool(_SIGNS_OF_QUANTISATION.search(model.lower()))


def published_check(subject: Subject) -> Check:
    """The card's example, within a tolerance for the precision of the weights."""
    profile = subject.profile
    published = SIMILARITIES.get(profile.name)
    if published is None:
        return skipped(
            PUBLISHED,
            tr("{model} is not one of the models with published figures").format(model=subject.model),
        )
    questions = [subject.one(profile.query_text(text, CARD_TASK)) for text in _QUESTIONS]
    documents = [subject.one(profile.document_text(text)) for text in _DOCUMENTS]
    found = np.stack(questions) @ np.stack(documents).T
    worst = float(np.abs(found - np.array(published)).max())
    # Ollama serves quantised files under names that do not say so.
    quantised = is_quantised(subject.model) or subject.facts.kind == "ollama"
    allowed = _QUANTISED if quantised else _FULL_PRECISION
    rows = " / ".join(" ".join(f"{value:.4f}" for value in row) for row in found)
    message = tr("similarities {found}; at most {worst} from the card's, {allowed} allowed").format(
        found=rows, worst=f"{worst:.4f}", allowed=allowed
    )
    if worst <= allowed:
        return passed(PUBLISHED, message)
    return failed(
        PUBLISHED,
        message,
        tr("other weights than {model}, or pooling, end token or precision are wrong").format(
            model=profile.name
        ),
        tr(
            "Correct what other checks name; otherwise fetch the weights again, or serve a file of higher "
            "precision (Q8_0, F16)."
        ),
    )
