"""Translating a Chinese question, word by word, for models that read only English.

A dictionary has no sentences and no frequencies. So nothing is chosen for good: the question is cut into
the fewest words that it can be made of; the model is asked with the first sense of each, in their order;
and BM25 counts every sense, the first ones more, all of a word together as much as one word that was typed.
Which of them is meant shows by what the papers say.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from carrel.core.errors import CarrelError
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Embedder
from carrel.core.ranking import Mode, Query
from carrel.core.translation import Dictionary, DictionaryWord, Gloss, Translation
from carrel.search.sources import Sources
from carrel.storage import selection

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_NOT_CHINESE = re.compile("[\u3041-\u30fa\uac00-\ud7af]")  # kana, Hangul
_LONGEST = 1000  # characters that are translated; no model that needs it reads as far
_GAP = 1.5  # what a character costs that is in no word, where a word costs 1
_LONGER = 0.001  # what the square of a word's length takes off, far less than a word
_SENSES = 6  # of a word that BM25 counts
_SENSES_READ = 1  # of a word that the model reads; with a second one it finds less
_CHINESE, _ENGLISH = "zh", "en"

# They hold a sentence together and say nothing of a paper: particles, pronouns, what a question asks with.
_FUNCTION_WORDS_IN_LINES = """
的 了 和 与 與 是 在 及 等 对 對 中 为 為 之 于 於 以 而 其 该 該 本 将 將 被 从 從 由 把 向 所 个
個 这 這 那 此 并 並 且 或 也 都 就 又 还 還 很 更 最 我 你 他 她 它 我们 我們 他们 他們 们 們 吗 嗎
呢 吧 什么 什麼 哪些 如何 怎么 怎麼 怎样 怎樣 怎 何 有 一种 一種 一个 一個 一些 这些 這些 那些 这个
這個 通过 通過 以及 并且 並且 但是 因此 可以 能够 能夠 上 下 里 裡 来 來 去 到 则 則 即 若 使 让 讓
给 給 者 着 著 地 得 每 各 某 不 基于 基於 面向 关于 關於 之间 之間 其中 对于 對於 由于 由於 进行
進行
"""
_FUNCTION_WORDS = frozenset(_FUNCTION_WORDS_IN_LINES.split())


@dataclass(frozen=True, slots=True)
class Translated:
    """A question beside its translation, and the models that need it."""

    answer: Translation | None = None
    models: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()  # models that read nothing of it: there is no translation

    def question(self, text: str, model: str) -> str:
        """Return what a model is asked; "" where it need not be asked."""
        if model in self.unread:
            return ""
        return self.answer.text if self.answer and model in self.models else text

    def also(self, model: str) -> tuple[tuple[str, float], ...]:
        """Return the words to look for beside those of the question, among what that model embedded."""
        if self.answer is None or model not in self.models:
            return ()
        return tuple(weighted for gloss in self.answer.glosses for weighted in _weighted(gloss.senses))


UNTRANSLATED = Translated()


def translated(
    text: str,
    query: Query,
    knowledge_bases: Sequence[KnowledgeBase],
    sources: Sources,
) -> Translated:
    """Translate a Chinese question where a model reads no Chinese, and English papers are to be searched.

    Without a dictionary the answer says that one would be needed.
    """
    if not query.translate or not is_chinese(text):
        return UNTRANSLATED
    unread = [base for base in knowledge_bases if _needs_translation(base, sources)]
    if not unread:
        return UNTRANSLATED
    models = frozenset(base.embedder for base in unread)
    in_vain = models if query.mode is Mode.HYBRID and _is_mostly_chinese(text) else frozenset[str]()
    with sources.catalog.read() as tx:
        if not selection.has_language(tx, [base.id for base in unread], _ENGLISH):
            return Translated(unread=in_vain)
    opened = sources.dictionary()
    answer = Translation(_CHINESE) if opened is None else in_english(text, opened)
    if not answer.made:
        return Translated(answer if opened is None else None, unread=in_vain)
    return Translated(answer, models)


def is_chinese(text: str) -> bool:
    """Say whether there is Chinese in a question, be it among words of another script."""
    return not text.isascii() and bool(_HAN.search(text)) and not _NOT_CHINESE.search(text)


def _needs_translation(base: KnowledgeBase, sources: Sources) -> bool:
    """Say whether its model is known to read English and no Chinese."""
    try:
        return _reads_only_english(sources.embedder_of(base))
    except CarrelError:  # there is no such model: said where it is asked
        return False


def _reads_only_english(embedder: Embedder) -> bool:
    return _ENGLISH in embedder.languages and _CHINESE not in embedder.languages


def question_for(
    text: str, passages: Sequence[str], embedder: Embedder, dictionary: Callable[[], Dictionary | None]
) -> str:
    """Return a question as a model is to read it that compares it with these passages."""
    if not is_chinese(text) or not _reads_only_english(embedder) or any(map(_is_mostly_chinese, passages)):
        return text
    opened = dictionary()
    return (in_english(text, opened).text if opened else "") or text


def words_asked(text: str, translation: Translation | None) -> str:
    """Return the words of a question, and those that it was asked with besides."""
    glosses = translation.glosses if translation else ()
    return " ".join((text, *(sense for gloss in glosses for sense in gloss.senses)))


def _is_mostly_chinese(text: str) -> bool:
    return sum(map(len, _HAN.findall(text))) > len(text) // 2


def in_english(text: str, dictionary: Dictionary) -> Translation:
    """Return a Chinese question in English, word by word; what is not Chinese stays as it is."""
    read: list[str] = []
    glosses: list[Gloss] = []
    place = 0
    text = text[:_LONGEST]
    for run in _HAN.finditer(text):
        read.append(text[place : run.start()])
        for word, senses in _words(run.group(), dictionary):
            glosses.append(Gloss(word, senses[:_SENSES]))
            read.extend(senses[:_SENSES_READ])
        place = run.end()
    read.append(text[place:])
    if not glosses:
        return Translation(_CHINESE)
    question = " ".join(" ".join(read).split())
    return Translation(
        _CHINESE,
        question,
        dictionary.name,
        dictionary.licence,
        tuple(glosses),
        dictionary.date,
        dictionary.content,
    )


def _words(run: str, dictionary: Dictionary) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the words of a run of Chinese that mean something, with their senses."""
    for found in _fewest(run, dictionary.words_in(run)):
        word = run[found.start : found.end]
        if word not in _FUNCTION_WORDS:
            yield word, dictionary.senses(found)


def _fewest(run: str, words: Sequence[DictionaryWord]) -> list[DictionaryWord]:
    """Return the fewest words that cover a run; of two ways, the one with the longer words; gaps cost most.

    Longest words first, the other usual way, goes wrong where two words overlap: 发展中国家.
    """
    at_end: list[list[DictionaryWord]] = [[] for _ in range(len(run) + 1)]
    for word in words:
        at_end[word.end].append(word)
    costs = [0.0] * (len(run) + 1)
    last: list[DictionaryWord | None] = [None] * (len(run) + 1)
    for end in range(1, len(run) + 1):
        costs[end] = costs[end - 1] + _GAP
        for word in at_end[end]:
            length = end - word.start
            cost = costs[word.start] + 1 - length * length * _LONGER
            if cost < costs[end]:
                costs[end], last[end] = cost, word
    chosen: list[DictionaryWord] = []
    end = len(run)
    while end > 0:
        word_there = last[end]
        if word_there is not None:
            chosen.append(word_there)
        end = end - 1 if word_there is None else word_there.start
    return chosen[::-1]


def _weighted(senses: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Yield each sense with its weight; all of them together weigh 1."""
    weights = [(1 + rank) ** -0.5 for rank in range(len(senses))]
    for sense, weight in zip(senses, weights, strict=True):
        yield sense, weight / sum(weights)
