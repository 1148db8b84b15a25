"""What a query's fields mean, as papers: the catalog leaves most out, and what is left is read."""

import json
from collections.abc import Collection, Sequence

from carrel.core.author_names import name_words, searchable_words
from carrel.core.identifiers import identifiers_of
from carrel.core.ids import KnowledgeBaseId
from carrel.search.phrases import Phrase
from carrel.storage.database import Transaction
from carrel.storage.field_values import Held, values_with

_MOST_PIECES = 4  # of a phrase: the longest leave few values
_ESCAPED = ("%",)  # a DOI may have been taken from an address


def with_titles(tx: Transaction, ids: Sequence[KnowledgeBaseId], titles: Sequence[Phrase]) -> set[Held]:
    """Return the papers with one of these phrases in the title."""
    found = values_with(tx, ids, "title", [_pieces(each) for each in titles])
    return {held for held, title in found.items() if any(each.within(title) for each in titles)}


def with_authors(
    tx: Transaction, ids: Sequence[KnowledgeBaseId], names: Sequence[tuple[str, ...]]
) -> set[Held]:
    """Return the papers of which an author's name has all words of one of these; initials stand for names."""
    found = values_with(tx, ids, "authors", names)
    wanted = [frozenset(words) for words in names if words]
    return {
        held
        for held, authors in found.items()
        if any(words.issubset(searchable_words(name)) for name in json.loads(authors) for words in wanted)
    }


def with_identifiers(
    tx: Transaction, ids: Sequence[KnowledgeBaseId], identifiers: Collection[str]
) -> set[Held]:
    """Return the papers with one of these DOIs and arXiv ids, as ``identifier_of`` returns them."""
    numbers = [(number,) for each in identifiers if (number := each.partition(":")[2])]
    if not numbers:
        return set()
    dois = values_with(tx, ids, "doi", [*numbers, _ESCAPED])
    of_arxiv = [number for number in numbers if f"arxiv:{number[0]}" in identifiers]
    arxiv_ids = values_with(tx, ids, "arxiv_id", of_arxiv)
    return {held for held, doi in dois.items() if not identifiers_of(doi, "").isdisjoint(identifiers)} | {
        held for held, number in arxiv_ids.items() if not identifiers_of("", number).isdisjoint(identifiers)
    }


def with_word_in_name(tx: Transaction, ids: Sequence[KnowledgeBaseId], word: str) -> set[Held]:
    """Return the papers of which an author's name has a word just as it is."""
    wanted = frozenset(name_words(word))
    found = values_with(tx, ids, "authors", [tuple(wanted)])
    return {
        held
        for held, authors in found.items()
        if any(wanted.issubset(name_words(name)) for name in json.loads(authors))
    }


def with_phrase_in_name(tx: Transaction, ids: Sequence[KnowledgeBaseId], phrase: Phrase) -> set[Held]:
    """Return the papers of which an author's name has a phrase."""
    found = values_with(tx, ids, "authors", [_pieces(phrase)])
    return {held for held, authors in found.items() if any(map(phrase.within, json.loads(authors)))}


def _pieces(phrase: Phrase) -> tuple[str, ...]:
    """Return what a text that holds a phrase holds; of ASCII alone only where all of the phrase is."""
    return tuple(sorted(phrase.words, key=lambda word: (word.isascii(), -len(word)))[:_MOST_PIECES])
