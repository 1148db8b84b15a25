"""Queries cut from papers themselves: whether each finds its paper again. No model, no judgments needed.

Three kinds: a title, a sentence of an abstract, and words from deep inside a paper of which a third are
missing, as somebody remembers them. The same seed draws the same queries of the same papers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from carrel.chunking.sentences import sentence_ends
from carrel.core.ids import PaperId
from carrel.core.paper import Passage, is_reference_list
from carrel.evaluation.judged_set import Questions

TITLE, SENTENCE, DEEP = "title", "abstract sentence", "deep passage"
DEFAULT_COUNT = 100
"""Papers that queries are drawn from."""

_WINDOW = 60  # words, of which a third are left out
_LEFT_OUT = 1 / 3
_FEWEST = 30  # words of a passage to draw from
_FEWEST_OF_A_SENTENCE = 6
_HAN = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(f"[{_HAN}]|[^\\s{_HAN}]+")
_BETWEEN_HAN = re.compile(f"(?<=[{_HAN}，。；：、]) (?=[{_HAN}，。；：、])")


@dataclass(frozen=True, slots=True)
class Item:
    """A paper as queries are cut from it: what is known of it, and its passages in reading order."""

    paper: PaperId
    title: str
    abstract: str
    passages: tuple[Passage, ...]


def chosen(papers: Sequence[PaperId], count: int, seed: int) -> tuple[PaperId, ...]:
    """Return so many of the papers, drawn at random; all where there are no more."""
    ordered = sorted(papers)
    return tuple(ordered if len(ordered) <= count else sorted(_chance(str(seed)).sample(ordered, count)))


def questions_of(
    items: Sequence[Item], versions: Mapping[PaperId, frozenset[PaperId]], seed: int
) -> Questions:
    """Return the queries cut from papers; the answer to each is its paper, in any of its versions."""
    queries: dict[str, str] = {}
    judgments: dict[str, dict[str, int]] = {}
    kinds: dict[str, str] = {}
    for item in items:
        for kind, text in _cuttings(item, _chance(f"{seed} {item.paper}")):
            query = f"{kind} of {item.paper[:10]}"
            queries[query], kinds[query] = text, kind
            judgments[query] = dict.fromkeys(sorted(versions.get(item.paper, {item.paper})), 1)
    order = sorted(queries, key=lambda query: (TITLE, SENTENCE, DEEP).index(kinds[query]))
    in_order = {query: queries[query] for query in order}
    return Questions(in_order, judgments, kinds={query: kinds[query] for query in order})


def _cuttings(item: Item, chance: Random) -> Iterator[tuple[str, str]]:
    if item.title:
        yield TITLE, item.title
    sentences = [text for text in _sentences(item.abstract) if len(_words(text)) >= _FEWEST_OF_A_SENTENCE]
    if sentences:
        yield SENTENCE, chance.choice(sentences)
    places = [text for text in _deep(item) if len(_words(text)) >= _FEWEST]
    if places:
        yield DEEP, _thinned(_words(chance.choice(places)), chance)


def _deep(item: Item) -> list[str]:
    """Return texts past the first page, or past the first passage where there are no pages."""
    own = [passage for passage in item.passages if not is_reference_list(passage.section)]
    deep = [passage for passage in own if (passage.page or 2) > 1 and passage.ordinal > 0]
    return [passage.text for passage in deep or own[1:] or own]


def _thinned(words: Sequence[str], chance: Random) -> str:
    """Return a run of words without a third of them, in their order."""
    begin = chance.randrange(max(1, len(words) - _WINDOW + 1))
    window = words[begin : begin + _WINDOW]
    kept = sorted(chance.sample(range(len(window)), round(len(window) * (1 - _LEFT_OUT))))
    return _BETWEEN_HAN.sub("", " ".join(window[place] for place in kept))


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in sentence_ends(text):
        if sentence := " ".join(text[start:end].split()):
            yield sentence
        start = end


def _chance(seed: str) -> Random:
    return Random(seed)  # noqa: S311 - no secret


def _words(text: str) -> list[str]:
    return _WORD.findall(text)
