from hypothesis import given
from hypothesis import strategies as st

from carrel.core.facets import Facet
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.search.facets import MOST_NAMES, counted
from carrel.storage.descriptions import Description

NAMES = {"a": "Algebra", "b": "Biology"}


def description(
    paper: str,
    base: str = "a",
    year: int | None = None,
    authors: tuple[str, ...] = (),
    venue: str = "",
    language: str = "",
) -> Description:
    return Description(PaperId(paper), KnowledgeBaseId(base), year, authors, venue, language)


def test_nothing_has_no_facets() -> None:
    facets = counted([], NAMES)
    assert facets.papers == 0
    assert facets.knowledge_bases == facets.years == facets.authors == facets.venues == facets.languages == ()


def test_a_paper_in_two_knowledge_bases_counts_in_each_and_otherwise_once() -> None:
    found = [
        description("1", "a", 2020, ("Ada Lovelace",), "Nature", "en"),
        description("1", "b", 2020, ("Ada Lovelace",), "Nature", "en"),
        description("2", "b", 2021, ("Wei Zhang", "Ada Lovelace"), "", "zh"),
        description("3", "b"),
    ]
    facets = counted(found, NAMES)
    assert facets.papers == 3
    assert facets.knowledge_bases == (Facet("b", 3, "Biology"), Facet("a", 1, "Algebra"))
    assert facets.years == (Facet("2021", 1, "2021"), Facet("2020", 1, "2020"))
    assert [(each.name, each.count) for each in facets.authors] == [("Ada Lovelace", 2), ("Wei Zhang", 1)]
    assert facets.venues == (Facet("Nature", 1, "Nature"),)
    assert facets.languages == (Facet("en", 1, "en"), Facet("zh", 1, "zh"))


def test_spellings_of_a_name_are_one_and_the_usual_one_is_shown() -> None:
    venues = ["NATURE", "Nature", "nature ", "Nature", "Science"]
    facets = counted([description(str(n), venue=venue) for n, venue in enumerate(venues)], NAMES)
    assert [(each.name, each.count) for each in facets.venues] == [("Nature", 4), ("Science", 1)]


def test_an_author_named_twice_on_a_paper_counts_once() -> None:
    facets = counted([description("1", authors=("Ada Lovelace", "ADA LOVELACE", " "))], NAMES)
    assert facets.authors == (Facet("Ada Lovelace", 1, "Ada Lovelace"),)


def test_of_many_names_those_with_most_papers_are_given() -> None:
    found = [
        description(f"{n}.{m}", authors=(f"Author {n:02}",), venue=f"Venue {n:02}")
        for n in range(30)
        for m in range(n)
    ]
    facets = counted(found, NAMES)
    for facet in (facets.authors, facets.venues):
        assert [each.count for each in facet] == list(range(29, 29 - MOST_NAMES, -1))


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("ab"), st.integers(1990, 1994))))
def test_years_add_up_to_the_papers_whatever_their_order(rows: list[tuple[str, str, int]]) -> None:
    found = [description(paper, base, 1990 + ord(paper) % 5) for paper, base, _ in set(rows)]
    facets = counted(found, NAMES)
    assert sum(each.count for each in facets.years) == facets.papers == len({row[0] for row in rows})
    again = counted(reversed(found), NAMES)
    assert again == facets
