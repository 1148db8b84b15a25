import pytest

from carrel.search.selection import venues_meant

VENUES = (
    "Nature",
    "Nature Communications",
    "NATURE",
    "Advances in Neural Information Processing Systems (NIPS)",
    "Revista Española de Física",
    "计算机学报",
    "软件学报",
)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["nature"], ["Nature", "NATURE"]),
        (["  nature   COMMUNICATIONS "], ["Nature Communications"]),
        (["nips"], ["Advances in Neural Information Processing Systems (NIPS)"]),
        (["systems processing"], ["Advances in Neural Information Processing Systems (NIPS)"]),
        (["fisica"], ["Revista Española de Física"]),
        (["学报"], ["计算机学报", "软件学报"]),
        (["软件"], ["软件学报"]),
        (["nat"], []),
        (["?!"], []),
        ([""], []),
        (["nips", "软件"], ["Advances in Neural Information Processing Systems (NIPS)", "软件学报"]),
    ],
)
def test_a_name_means_a_venue_or_those_that_have_its_words(wanted: list[str], expected: list[str]) -> None:
    assert list(venues_meant(wanted, VENUES)) == expected
