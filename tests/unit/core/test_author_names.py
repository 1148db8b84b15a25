import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.author_names import name_words, searchable_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Jörg Müller", ("jorg", "muller")),
        ("O’Brien, Conan", ("o", "brien", "conan")),
        ("Jean-Pierre Serre", ("jean", "pierre", "serre")),
        ("Søren Łukasz ĐẶNG", ("soren", "lukasz", "dang")),
        ("张伟", ("张伟",)),
        ("J. R. R. Tolkien", ("j", "r", "tolkien")),
        ("\ud800 ?! \x00", ()),
        ("", ()),
    ],
)
def test_names_are_folded_words(name: str, words: tuple[str, ...]) -> None:
    assert name_words(name) == words


@given(st.text(st.characters(codec=None)))
def test_every_name_is_found_by_itself_in_any_case(name: str) -> None:
    assert set(name_words(name)) <= set(searchable_words(name))
    assert set(name_words(" ".join(name_words(name)))) == set(name_words(name))


def test_an_initial_stands_for_a_word() -> None:
    assert {"j", "muller"} <= set(searchable_words("Jörg Müller"))
