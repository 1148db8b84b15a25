"""Phrases that must occur and words that must not: over whole papers, by a few look-ups, never by a scan.

A phrase is resolved to papers before retrieval: the lexical side names the passages that have its words, and
their texts decide. What must not occur is looked for, without omission, in the papers that retrieval found;
those that have it go, and where too few are left the index is asked again without them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Index, IndexQuery
from carrel.core.ranking import Candidate, Filters, Signal
from carrel.core.terms import FUNCTION_WORDS
from carrel.core.understanding import Part, Understood
from carrel.search.fields import with_phrase_in_name, with_word_in_name
from carrel.search.phrases import Phrase, phrase
from carrel.search.scope import Scope
from carrel.search.selection import Selected
from carrel.storage import papers, passages
from carrel.storage.database import Catalog, Transaction

Lists = Mapping[Signal, Sequence[Candidate]]
_LEXICAL = (Signal.LEXICAL_PASSAGES, Signal.LEXICAL_PAPERS)

_EVERY = 10_000  # passages, and papers, with a word that an index is asked to name: some 100 ms at most
_DEEP = 5_000  # of those with all words of a phrase, whose texts are looked at: some 200 ms at most
_FEW = 200  # are looked at without asking for the next word
_ROUNDS = 4  # how often the index is asked at most
_SPARE = 25  # papers more than are wanted: some are versions of others


@dataclass(frozen=True, slots=True)
class Texts:
    """Where the words of papers are looked up."""

    knowledge_bases: Sequence[KnowledgeBase]
    catalog: Catalog
    index_of: Callable[[KnowledgeBase], Index]


def holding_phrases(understood: Understood, scope: Scope, texts: Texts) -> Scope:
    """Return the scope of the papers that hold every phrase, of those that the index can look up.

    Raises:
        ServiceError: an index cannot be reached.
    """
    for found in _phrases(understood):
        if found.probes and any(map(scope.may_hold, texts.knowledge_bases)):
            scope = scope.only(_resolved(found, understood.text, scope, texts))
    return scope


def retrieved(
    ask: Callable[[Scope], dict[Signal, tuple[Candidate, ...]]],
    understood: Understood,
    scope: Scope,
    wanted: int,
    texts: Texts,
) -> dict[Signal, tuple[Candidate, ...]]:
    """Return what the index finds within a scope, of papers that meet the conditions on words alone."""
    lists = ask(scope)
    if not understood.of_words:
        return lists
    fit: set[PaperId] = set()
    for left in reversed(range(_ROUNDS)):
        found = {candidate.paper_id for candidates in lists.values() for candidate in candidates}
        out = unfit(found - fit, understood, texts)
        fit |= found - out
        lists = {
            signal: tuple(candidate for candidate in candidates if candidate.paper_id not in out)
            for signal, candidates in lists.items()
        }
        if not out or not left or len(fit) >= wanted + _SPARE:
            break
        scope = scope.barring(out, texts.knowledge_bases)
        lists = ask(scope)
    return lists


def unfit(found: Collection[PaperId], understood: Understood, texts: Texts) -> frozenset[PaperId]:
    """Return which of these papers have what they must not have, or lack a phrase that no index looks up."""
    out: set[PaperId] = set()
    for word in understood.values(Part.WORD, excluded=True):
        left = frozenset(found) - out
        known = word.casefold() not in FUNCTION_WORDS
        out |= _with_word(word, left, texts) if known else _with_phrase(phrase(word), left, texts)
    for excluded in _phrases(understood, excluded=True):
        out |= _with_phrase(excluded, frozenset(found) - out, texts)
    for wanted in _phrases(understood):
        if not wanted.probes:
            left = frozenset(found) - out
            out |= left - _with_phrase(wanted, left, texts)
    return frozenset(out)


def _phrases(understood: Understood, excluded: bool = False) -> tuple[Phrase, ...]:
    """Return the phrases that must occur, or must not: each once, however it is written."""
    found = map(phrase, understood.values(Part.PHRASE, excluded))
    return tuple({each.words: each for each in found}.values())


def _resolved(found: Phrase, text: str, scope: Scope, texts: Texts) -> Selected:
    """Return the papers that hold a phrase, all of them unless its words are too common together."""
    resolved = {}
    for base in texts.knowledge_bases:
        holders: set[PaperId] = set()
        if scope.may_hold(base):
            likely = _likely(found, text, base, scope, texts)
            with texts.catalog.read() as tx:
                holders = _verified(found, likely, base, tx)
                named = with_phrase_in_name(tx, [base.id], found) if found.may_be_name else set()
            holders |= {paper for _, paper in named}
        resolved[base.id] = frozenset(holders)
    return resolved


def _likely(found: Phrase, text: str, base: KnowledgeBase, scope: Scope, texts: Texts) -> Lists:
    """Return the points that have all of a phrase's probes; where they are too many, the best of them."""
    index = texts.index_of(base)
    likely: dict[Signal, Sequence[Candidate]] = {}
    for probe in found.probes:
        for signal, having in index.search(scope.asked(base, None, probe, _EVERY)).items():
            if len(having) < _EVERY:  # there are no more
                there = {each.point_id for each in having}
                likely[signal] = [each for each in likely.get(signal, having) if each.point_id in there]
        if len(likely) == len(_LEXICAL) and all(len(likely[signal]) <= _FEW for signal in _LEXICAL):
            break
    for signal in _LEXICAL:
        if signal not in likely or len(likely[signal]) > _DEEP:
            best: dict[str, Candidate] = {}
            for asked in (" ".join(found.probes), text):
                ranked = index.search(scope.asked(base, None, asked, _DEEP))[signal]
                best |= {each.point_id: each for each in ranked}
            likely[signal] = [each for each in likely.get(signal, best.values()) if each.point_id in best]
    return likely


def _verified(found: Phrase, lists: Lists, base: KnowledgeBase, tx: Transaction) -> set[PaperId]:
    """Return the papers of which a candidate holds the phrase."""
    owners = {each.point_id: each.paper_id for each in lists[Signal.LEXICAL_PASSAGES]}
    said = passages.texts(tx, [base], list(owners)) if owners else {}
    holders = {owners[point] for point, text in said.items() if found.within(text)}
    there = {each.paper_id for each in lists[Signal.LEXICAL_PAPERS]} - holders
    return holders | _about(found, [base], list(there), tx)


def _with_word(word: str, found: frozenset[PaperId], texts: Texts) -> set[PaperId]:
    """Return the papers that have a word, in any of its forms; among the names of authors just as it is."""
    held: set[PaperId] = set()
    for base in texts.knowledge_bases if found else ():
        lists = texts.index_of(base).search(_everything(word, base, found))
        held |= {candidate.paper_id for candidates in lists.values() for candidate in candidates}
    with texts.catalog.read() as tx:
        named = with_word_in_name(tx, [base.id for base in texts.knowledge_bases], word) if found else set()
    return held | {paper for _, paper in named if paper in found}


def _with_phrase(found: Phrase, among: frozenset[PaperId], texts: Texts) -> set[PaperId]:
    """Return which of these papers hold a phrase anywhere."""
    if not among:
        return set()
    bases = texts.knowledge_bases
    with texts.catalog.read() as tx:
        named = with_phrase_in_name(tx, [base.id for base in bases], found)
        held = _about(found, bases, list(among), tx) | {paper for _, paper in named if paper in among}
    for base in bases:
        left = among - held
        if not left:
            break
        points = _with_probes(found, base, left, texts) if found.probes else None
        with texts.catalog.read() as tx:
            if points is None:
                held |= {paper for paper, text in passages.texts_of(tx, base, left) if found.within(text)}
            else:
                said = passages.texts(tx, [base], list(points)) if points else {}
                held |= {points[point] for point, text in said.items() if found.within(text)}
    return held


def _with_probes(
    found: Phrase, base: KnowledgeBase, among: frozenset[PaperId], texts: Texts
) -> dict[str, PaperId]:
    """Return the passages of these papers that have all of a phrase's probes, each with its paper."""
    points: dict[str, PaperId] | None = None
    for probe in found.probes:
        lists = texts.index_of(base).search(_everything(probe, base, among))
        having = {each.point_id: each.paper_id for each in lists[Signal.LEXICAL_PASSAGES]}
        points = having if points is None else {p: paper for p, paper in points.items() if p in having}
        among = frozenset(points.values())
        if not points:
            break
    return points or {}


def _everything(words: str, base: KnowledgeBase, among: frozenset[PaperId]) -> IndexQuery:
    """Ask for every point of some papers that has one of these words."""
    return IndexQuery(None, words, Filters(), base.passages + base.papers + 1, among)


def _about(
    found: Phrase, bases: Sequence[KnowledgeBase], ids: list[PaperId], tx: Transaction
) -> set[PaperId]:
    """Return the papers that hold a phrase in their title or abstract."""
    if not ids:
        return set()
    abouts = papers.titles_and_abstracts(tx, [base.id for base in bases], ids)
    return {PaperId(paper) for paper, about in abouts.items() if any(map(found.within, about.split("\n", 1)))}
