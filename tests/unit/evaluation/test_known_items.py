"""Known items: cut from the papers alone, the same each time, a third of a passage's words left out."""

from dataclasses import replace

from carrel.core.ids import PaperId, PassageId
from carrel.core.paper import Passage
from carrel.evaluation.known_items import DEEP, SENTENCE, TITLE, Item, chosen, questions_of

PAPER, OTHER = PaperId("a" * 32), PaperId("b" * 32)
WORDS = [f"word{number}" for number in range(90)]


def passage(ordinal: int, text: str, pages: tuple[int, ...] = (), section: str = "Method") -> Passage:
    return Passage(PassageId(f"{ordinal:032}"), PAPER, ordinal, 0, len(text), text, section, pages, ())


ITEM = Item(
    PAPER,
    "On whales",
    "Whales sing long songs in the cold sea. Why? Nobody knows what they are singing about.",
    (
        passage(0, "front " * 40, (1,)),
        passage(1, " ".join(WORDS), (2,)),
        passage(2, "cited " * 40, (3,), "References"),
    ),
)


def test_queries_are_cut_from_the_paper() -> None:
    found = questions_of([ITEM], {}, seed=1)
    by_kind = {found.kinds[query]: text for query, text in found.queries.items()}
    assert by_kind[TITLE] == "On whales"
    assert by_kind[SENTENCE] in ITEM.abstract
    assert len(by_kind[SENTENCE].split()) > 5
    deep = by_kind[DEEP].split()
    assert len(deep) == 40  # two thirds of sixty
    assert [int(word.removeprefix("word")) for word in deep] == sorted(
        int(w.removeprefix("word")) for w in deep
    )
    assert set(map(tuple, (grades.items() for grades in found.judgments.values()))) == {((PAPER, 1),)}


def test_the_same_seed_draws_the_same_whatever_else_is_there() -> None:
    other = replace(ITEM, paper=OTHER, title="On seals")
    alone, together = questions_of([ITEM], {}, seed=1), questions_of([other, ITEM], {}, seed=1)
    assert alone.queries.items() <= together.queries.items()
    assert questions_of([ITEM], {}, seed=2).queries != alone.queries
    assert chosen([OTHER, PAPER], 1, 1) == chosen([PAPER, OTHER], 1, 1)
    assert chosen([OTHER, PAPER], 5, 1) == (PAPER, OTHER)


def test_every_version_of_a_paper_answers() -> None:
    found = questions_of([ITEM], {PAPER: frozenset({PAPER, OTHER})}, seed=1)
    assert all(grades == {PAPER: 1, OTHER: 1} for grades in found.judgments.values())


def test_chinese_is_thinned_by_characters_and_a_bare_paper_gives_nothing() -> None:
    chinese = Item(PAPER, "", "", (passage(0, "鲸" * 10), passage(1, "海里的鲸鱼唱着很长的歌" * 8)))
    (text,) = questions_of([chinese], {}, seed=1).queries.values()
    assert len(text) == 40
    assert " " not in text
    assert not questions_of([Item(PAPER, "", "", ())], {}, seed=1).queries
