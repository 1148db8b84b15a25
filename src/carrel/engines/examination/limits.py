"""How much the server takes: long texts, many texts, number formats, fewer dimensions."""

from time import monotonic

import numpy as np

from carrel.core.engine_errors import EndpointUnavailable
from carrel.core.language import tr
from carrel.engines.embedding_reply import UnusableReply
from carrel.engines.examination.shape import TEXTS
from carrel.engines.examination.subject import Refused, Subject, unit_rows
from carrel.engines.examination.verdict import Check, failed, passed, warned

LONG_TEXTS, MANY_TEXTS, ENCODINGS, DIMENSIONS = "long texts", "texts a request", "encodings", "dimensions"

_REFUSED, _CUT, _UNKNOWN = "refused", "cut", ""
_FIRST_LENGTH = 32  # words
_ENOUGH = 1024  # words read whole: a passage of the default size, its title and section fit
_LONGEST = 16384
_LONGEST_QUICK = 2048
_SECONDS = 20.0
_TAIL = 16  # words
_SAME = 0.999999
_LOST = 0.02
_MOST_TEXTS = 256


def long_texts_check(subject: Subject) -> Check:
    """What becomes of texts longer than the server reads, and whether their end token survives."""
    read, then = _reads(subject)
    sent = subject.plan.max_tokens or subject.profile.max_tokens
    advice = tr(
        "Let it be sent {read} tokens of a text (CARREL_EMBEDDER_MAX_TOKENS={read}), or start the server "
        "with a longer context."
    )
    advice = advice.format(read=subject.facts.max_tokens or read)
    message = tr("texts of {read} words are read whole").format(read=read)
    if then == _UNKNOWN:
        return passed(LONG_TEXTS, message)
    if then == _REFUSED:
        message += tr(", twice as long ones are refused")
        cause = tr("a passage may be longer than the server reads")
    elif subject.profile.end_token and _end_token_lost(subject, read):
        message += tr(", twice as long ones are cut silently")
        cause = tr("the server cuts long texts and their end token with them")
        if read < sent:
            return failed(LONG_TEXTS, message, cause, advice)
    else:
        message += tr(", twice as long ones are cut silently")
        cause = tr("the server cuts long texts and does not say so")
    if read >= min(sent, _ENOUGH):
        return passed(LONG_TEXTS, message)
    return warned(LONG_TEXTS, message, cause, advice)


def _reads(subject: Subject) -> tuple[int, str]:
    """Return how many words are read whole, and what happens to twice as many, where that was found out."""
    told = subject.facts.max_tokens or subject.profile.max_tokens
    longest = min(_LONGEST_QUICK if subject.plan.quick else _LONGEST, 2 * told)
    end = monotonic() + _SECONDS
    read, length = 0, _FIRST_LENGTH
    while length <= longest:
        began = monotonic()
        try:
            whole = subject.cosine(_repeated(length), _repeated(length - _TAIL, tail=True)) < _SAME
        except Refused:
            return read, _REFUSED
        except EndpointUnavailable:  # it takes longer than a request may
            break
        if not whole:
            return read, _CUT
        read, length = length, 2 * length
        if monotonic() + 3 * (monotonic() - began) > end:
            break
    return read, _UNKNOWN


def _repeated(words: int, *, tail: bool = False) -> str:
    return " the" * words + (" graph" * _TAIL if tail else "")


def _end_token_lost(subject: Subject, read: int) -> bool:
    """Whether a text that is cut is further from one read whole than that is from one of half its length.

    Of one word repeated, so that nothing but the length differs (see ``reading``).
    """
    cut = subject.cosine(_repeated(4 * read), _repeated(read))
    whole = subject.cosine(_repeated(read), _repeated(max(1, read // 2)))
    return 1 - cut > max(_LOST, 4 * (1 - whole))


def many_texts_check(subject: Subject) -> Check:
    """How many texts one request may hold; notes it."""
    most = 1
    for count in (2, 4, 8, 16, 32, 64, 128, _MOST_TEXTS):
        try:
            subject.ask([f"{number}" for number in range(count)])
        except (Refused, UnusableReply):
            break
        most = count
    most = subject.facts.most_texts or most
    subject.most_texts = most
    message = tr("{most} or more") if most >= _MOST_TEXTS else tr("{most}")
    message = message.format(most=most)
    if most >= subject.plan.batch_texts:
        return passed(MANY_TEXTS, message)
    return warned(
        MANY_TEXTS,
        message,
        tr("the server takes fewer texts a request than Carrel would send ({count})").format(
            count=subject.plan.batch_texts
        ),
        tr(
            "Let it be sent at most {most} texts a request (CARREL_EMBEDDER_BATCH_TEXTS={most}): requests "
            "that are refused cost time."
        ).format(most=most),
    )


def encodings_check(subject: Subject) -> Check:
    """Vectors as numbers and as base64 are the same."""
    numbers = subject.ask(TEXTS[:2])
    try:
        packed = subject.ask(TEXTS[:2], "base64")
    except Refused:
        return passed(ENCODINGS, tr("numbers only: base64 is refused"))
    if numbers.vectors.shape != packed.vectors.shape:
        least = 0.0
    else:
        least = float((unit_rows(numbers.vectors) * unit_rows(packed.vectors)).sum(axis=1).min())
    if least < 0.9999:
        return failed(
            ENCODINGS,
            tr("numbers and base64 differ: cosine {cosine}").format(cosine=f"{least:.4f}"),
            tr("the server packs its numbers in another order or precision"),
            tr("Bring the server up to date: Carrel asks for base64."),
        )
    if _is_packed(packed.answer.document):
        return passed(ENCODINGS, tr("numbers and base64 agree"))
    return passed(ENCODINGS, tr("numbers, also where base64 is asked for"))


def _is_packed(document: object) -> bool:
    data = document.get("data") if isinstance(document, dict) else None
    first = data[0] if isinstance(data, list) and data else None
    return isinstance(first, dict) and isinstance(first.get("embedding"), str)


def dimensions_check(subject: Subject) -> Check:
    """What becomes of ``dimensions``: Carrel does without it, other programs may not."""
    half = max(1, subject.width // 2)
    try:
        found = subject.ask(TEXTS[:1], dimensions=half).vectors
    except (Refused, UnusableReply):
        return passed(DIMENSIONS, tr("refused; Carrel cuts vectors itself"))
    if found.shape[1] == subject.width:
        return passed(DIMENSIONS, tr("ignored; Carrel cuts vectors itself"))
    full = unit_rows(subject.ask(TEXTS[:1]).vectors)[:, : found.shape[1]]
    cosine = float(np.sum(unit_rows(full.astype(np.float32)) * unit_rows(found)))
    return passed(
        DIMENSIONS,
        tr("{found} are given where {half} are asked for (cosine {cosine} with the full vector, cut)").format(
            found=found.shape[1], half=half, cosine=f"{cosine:.4f}"
        ),
    )
