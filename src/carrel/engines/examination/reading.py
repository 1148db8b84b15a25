"""Is the vector taken where the model was trained to have it, behind the token it was trained to end with?

Told from outside, for causal models with rotary positions (Qwen2 and 3, Mistral), whatever their weights. In
such a model all states of one token repeated are the same state: attention mixes equal values, and positions
turn keys, not values. So, with ``w`` a word and ``h`` the state at a token:

- A repeated word without anything behind it has the vector of the word alone, exactly. With an end token the
  vector is taken at, or averaged with, a state that saw more or fewer words, and moves.
- The first token's state depends on nothing else: two texts with the same first word have the same vector
  exactly if, and only if, the vector is taken there.
- The mean over ``n`` equal states and one or two other states is within an angle of about 1/n of ``h(w)``:
  1 - cosine is at most 1/2 n² (two other states: 9/2 n² at worst). The last token's state keeps no such
  bound.
"""

from collections.abc import Sequence
from statistics import median

from carrel.core.language import tr
from carrel.engines.embedding_reply import UnusableReply
from carrel.engines.examination.kinds import end_token_advice, pooling_advice
from carrel.engines.examination.subject import Refused, Subject, Text
from carrel.engines.examination.verdict import Check, failed, passed, skipped, warned

END_TOKEN, POOLING, INSTRUCTION = "end token", "pooling", "instruction"

_WORDS = (" the", " paper", " graph")
_OTHERS = (" protein", " k", " x")
_IDS = (41, 42, 43)  # printable characters in vocabularies made of bytes
_OTHER_IDS = (50, 60, 61)
_TIMES = 64
_FEW = 8
_SAME = 0.999
_EQUAL = 0.9999
# (1 - cosine) n²: of a mean at most 0.5 without and 4.5 with an end token, 0.01 to 0.03 measured; of the last
# token of a random Qwen3 measured 52 to 180 by token ids, and behind an end token 2.3 to 31 by words (the
# largest of three words: 19 and more).
_MEAN_AT_MOST = 0.5
_LAST_AT_LEAST = 2.0

_QUESTION = "What is the capital of China?"
_RIGHT = "The capital of China is Beijing."
_WRONG = (
    "Gravity is a force that attracts two bodies towards each other.",
    "The enzyme folds slowly in cold water.",
)
CARD_TASK = "Given a web search query, retrieve relevant passages that answer the query"


def end_token_check(subject: Subject) -> Check:
    """Whether the server closes each text with the token that the model was trained to end with."""
    token = subject.profile.end_token
    if not token:
        return skipped(END_TOKEN, tr("{model} needs none").format(model=subject.profile.name))
    if takes_first_token(subject):
        return skipped(END_TOKEN, tr("cannot be told while the vector is taken at the first token"))
    alone = median(subject.cosine(word * _FEW, word) for word in _WORDS)
    closed = median(subject.cosine(word * _FEW + token, word + token) for word in _WORDS)
    spelled = median(subject.cosine(text, text + token) for text in (_QUESTION, _RIGHT, _WRONG[0]))
    message = tr(
        "a word {times} times against once: cosine {alone}, with {token} spelled out {closed}; a text "
        "against itself with {token}: {spelled}"
    ).format(times=_FEW, alone=f"{alone:.4f}", closed=f"{closed:.4f}", spelled=f"{spelled:.4f}", token=token)
    if alone < _SAME:
        return passed(END_TOKEN, message)
    if closed >= _SAME:
        return warned(
            END_TOKEN,
            message,
            tr("repeated words do not count for this server: it cannot be told"),
            tr("Compare with the model card's figures."),
        )
    return failed(
        END_TOKEN,
        message,
        tr("the end token is not appended: {token} must close each text").format(token=token),
        end_token_advice(subject.facts.kind, token),
    )


def pooling_check(subject: Subject) -> Check:
    """Whether the vector is that of the model's own pooling."""
    wanted = subject.profile.pooling
    if told := subject.facts.pooling:
        message = tr("the server says: {pooling}").format(pooling=told)
        return passed(POOLING, message) if told == wanted else _wrong_pooling(subject, told, message)
    if wanted != "last":
        text = tr("from outside it can be told for models that take the last token; this one takes {name}")
        return skipped(POOLING, text.format(name=wanted))
    if takes_first_token(subject):
        return _wrong_pooling(subject, "cls", tr("texts that begin alike have the same vector"))
    return _mean_or_last(subject)


def _mean_or_last(subject: Subject) -> Check:
    moved, by = _moved_by_last(subject)
    message = tr(
        "one word behind {times} equal ones moves the vector {moved} ({by}); a mean moves 0.5 or less"
    )
    message = message.format(times=_TIMES, moved=f"{moved:.2f}", by=by)
    if moved >= _LAST_AT_LEAST:
        return passed(POOLING, message)
    if moved <= _MEAN_AT_MOST:
        return _wrong_pooling(subject, "mean", message)
    return warned(
        POOLING,
        message,
        tr("the last token counts for little: it may be a mean"),
        pooling_advice(subject.facts.kind, "last"),
    )


def _wrong_pooling(subject: Subject, found: str, message: str) -> Check:
    names = {"mean": tr("mean pooling"), "cls": tr("first-token pooling"), "last": tr("last-token pooling")}
    cause = tr("{found} instead of {wanted}").format(
        found=names[found], wanted=names[subject.profile.pooling]
    )
    return failed(POOLING, message, cause, pooling_advice(subject.facts.kind, subject.profile.pooling))


def takes_first_token(subject: Subject) -> bool:
    """Whether texts that share nothing but their first word have the same vector."""
    pairs = ((" the graph", " the protein model"), (" paper in", " paper of network"))
    return all(subject.cosine(*pair) >= _EQUAL for pair in pairs)


def _moved_by_last(subject: Subject) -> tuple[float, str]:
    """Return the most that one last token behind equal ones moves the vector: (1 - cosine) n².

    By token ids where the server takes them, because nothing is appended to these; otherwise by words. The
    longer text is asked for first: a server that remembers prefixes then computes all of it.
    """
    pairs: list[tuple[Text, Text]] = [
        ([word] * _TIMES + [other], [word] * _TIMES) for word, other in zip(_IDS, _OTHER_IDS, strict=True)
    ]
    try:
        return _most_moved(subject, pairs), tr("by token ids")
    except (Refused, UnusableReply):
        words: list[tuple[Text, Text]] = [
            (word * _TIMES + other, word * _TIMES) for word, other in zip(_WORDS, _OTHERS, strict=True)
        ]
        return _most_moved(subject, words), tr("by words")


def _most_moved(subject: Subject, pairs: Sequence[tuple[Text, Text]]) -> float:
    return max((1 - subject.cosine(*pair)) * _TIMES**2 for pair in pairs)


def instruction_check(subject: Subject) -> Check:
    """Whether what stands before a question reaches the model, and finds the right passage with it."""
    profile = subject.profile
    sent = profile.query_text(_QUESTION, CARD_TASK)
    if sent == _QUESTION:
        return skipped(INSTRUCTION, tr("{model} reads questions as they are").format(model=profile.name))
    effect = subject.cosine(_QUESTION, sent)
    message = tr("a question without and with its instruction: cosine {cosine}").format(
        cosine=f"{effect:.4f}"
    )
    if effect >= _EQUAL:
        return failed(
            INSTRUCTION,
            message,
            tr("the instruction does not reach the model: something strips or replaces it"),
            tr("Turn off templates and prompts of the server or of a proxy: Carrel writes them itself."),
        )
    question = subject.one(sent)
    right, *wrong = (float(question @ subject.one(profile.document_text(text))) for text in (_RIGHT, *_WRONG))
    message += tr("; the right passage {right}, the wrong ones at most {wrong}").format(
        right=f"{right:.3f}", wrong=f"{max(wrong):.3f}"
    )
    if right > max(wrong):
        return passed(INSTRUCTION, message)
    return warned(
        INSTRUCTION,
        message,
        tr("the model does not find an easy passage: untrained or damaged weights, or another model"),
        tr("See that the server has loaded {model} and nothing else.").format(model=profile.name),
    )
