"""Are the vectors there, in order, of the right width, of length 1, and the same each time?"""

import numpy as np

from carrel.core.language import tr
from carrel.engines.embedding_reply import UnusableReply
from carrel.engines.examination.kinds import Kind
from carrel.engines.examination.subject import Subject, unit_rows
from carrel.engines.examination.verdict import Check, failed, passed, skipped, warned

ANSWER, WIDTH, NORMALISATION = "answer", "width", "normalisation"
DETERMINISM, ORDER, BATCH = "determinism", "order", "batch"

TEXTS = (
    "Sparse attention reads long documents.",
    "The enzyme folds slowly in cold water, and faster once the salt has been washed out of the sample.",
    "Gravity bends light.",
    "A court may set the contract aside where one party was misled about what it would have to pay, "
    "when it would have to pay it, and to whom the money would in the end belong.",
    "图神经网络的综述",
)
"""Texts of several lengths and languages, all of them different."""

_SAME = 0.9999
_COMPANIONS = 0.999
_NORM_SLACK = 0.01


def answer_check(subject: Subject) -> Check:
    """A vector for each text, all of them numbers, all of one width; notes the width."""
    try:
        subject.width = subject.ask(TEXTS[:1]).vectors.shape[1]
        subject.ask(TEXTS)
    except UnusableReply as error:
        causes = {
            "count": tr("the server, or a proxy before it, drops or repeats texts of a list"),
            "index": tr("the server numbers its answers wrongly"),
            "numbers": tr("the model overflows in half precision, or its weights are damaged"),
            "zero": tr("the model's weights are missing or damaged"),
            "width": tr("the server mixes vectors of several models"),
        }
        cause = causes.get(error.fault, tr("that is not the form of an answer to /v1/embeddings"))
        advice = (
            tr("Start the server with --dtype bfloat16 or float32, or fetch the weights again.")
            if error.fault in ("numbers", "zero")
            else tr("Ask the model's server directly, and bring it up to date.")
        )
        return failed(ANSWER, str(error), cause, advice)
    return passed(
        ANSWER,
        tr("{count} texts, {count} vectors of {width} numbers").format(count=len(TEXTS), width=subject.width),
    )


def width_check(subject: Subject) -> Check:
    """The model's full dimensions, where its profile knows them."""
    wanted, found = subject.profile.width, subject.width
    if not wanted:
        return passed(WIDTH, tr("{found} dimensions").format(found=found))
    if found == wanted:
        return passed(
            WIDTH, tr("{found} dimensions, as {model} has").format(found=found, model=subject.profile.name)
        )
    message = tr("{found} dimensions; {model} has {wanted}").format(
        found=found, model=subject.profile.name, wanted=wanted
    )
    if found < wanted and subject.profile.mrl_from:
        return failed(
            WIDTH,
            message,
            tr("the server, or a proxy before it, cuts vectors: a default for dimensions"),
            tr(
                "Let the server give full vectors: Carrel cuts them itself where a knowledge base wants less."
            ),
        )
    return failed(
        WIDTH,
        message,
        tr("another model is served under that name"),
        tr(
            "Serve {model}, or say what it is by profile and width (CARREL_EMBEDDER_PROFILE, "
            "CARREL_EMBEDDER_WIDTH)."
        ).format(model=subject.profile.name),
    )


def normalisation_check(subject: Subject) -> Check:
    """Vectors of length 1; Carrel makes them so where they are not."""
    norms = np.linalg.norm(subject.ask(TEXTS).vectors.astype(np.float64), axis=1)
    if float(np.abs(norms - 1).max()) <= _NORM_SLACK:
        return passed(NORMALISATION, tr("every vector has length 1"))
    message = tr("lengths from {least} to {most}").format(
        least=f"{norms.min():.3g}", most=f"{norms.max():.3g}"
    )
    cause = tr("the server does not normalise its vectors")
    if float(norms.max()) < 1:
        cause = tr("the server does not normalise its vectors, or cuts them after it has")
    advice = tr("Carrel normalises them itself. Other programs may not: start the server with normalisation.")
    if subject.facts.kind is Kind.LLAMA_CPP:
        advice = tr("Carrel normalises them itself. For other programs: llama-server --embd-normalize 2.")
    return warned(NORMALISATION, message, cause, advice)


def determinism_check(subject: Subject) -> Check:
    """The same text, asked for three times, has the same vector."""
    least = min(subject.cosine(text, text) for text in (TEXTS[1], TEXTS[0], TEXTS[1]))
    message = tr("the same text twice: cosine {cosine}").format(cosine=f"{least:.5f}")
    if least >= _SAME:
        return passed(DETERMINISM, message)
    return failed(
        DETERMINISM,
        message,
        tr("the server gives different vectors each time: several models behind one address, or dropout"),
        tr("Serve one model at one precision behind the address, and ask it directly."),
    )


def order_check(subject: Subject) -> Check:
    """The vectors of a list come back in its order: each is that of its text asked for alone."""
    likeness = _likeness(subject)
    found = likeness.argmax(axis=1)
    if (found == np.arange(len(TEXTS))).all():
        return passed(ORDER, tr("the vectors of a list are in its order"))
    if float(likeness.max(axis=1).min()) < _COMPANIONS:
        return skipped(ORDER, tr("cannot be told: vectors in a list differ from those of texts alone"))
    return failed(
        ORDER,
        tr("the vectors of a list are those of its texts in the order {order}").format(
            order=", ".join(str(place + 1) for place in found)
        ),
        tr("the server, or a proxy before it, shuffles the answers without numbering them"),
        tr(
            "Ask the model's server directly; until then send one text a request "
            "(CARREL_EMBEDDER_BATCH_TEXTS=1)."
        ),
    )


def batch_check(subject: Subject) -> Check:
    """A text has the same vector alone and in a list."""
    least = float(np.diagonal(_likeness(subject)).min())
    message = tr("a text alone and in a list: cosine {cosine} or more").format(cosine=f"{least:.5f}")
    if least >= _COMPANIONS:
        return passed(BATCH, message)
    advice = tr(
        "Bring the server up to date; until then send one text a request (CARREL_EMBEDDER_BATCH_TEXTS=1)."
    )
    if subject.facts.kind is Kind.LLAMA_CPP:  # measured: with mean and first-token pooling, several slots
        advice = tr("Start llama-server with --kv-unified, or with -np 1.")
    return failed(
        BATCH, message, tr("padding or remembered prefixes get into the vectors of texts in a list"), advice
    )


def _likeness(subject: Subject) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the cosines of [texts in a list, texts alone]."""
    together = unit_rows(subject.ask(TEXTS).vectors)
    alone = unit_rows(np.concatenate([subject.ask([text]).vectors for text in TEXTS]))
    cosines: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = together @ alone.T
    return cosines
