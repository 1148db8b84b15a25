"""The query language over whole knowledge bases: phrases, exclusions, fields, papers as a query."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from carrel.core.errors import EmptyQuery, InvalidFilter, PaperMissing
from carrel.core.ids import PaperId
from carrel.core.ranking import Filters, Mode, Query, SearchResult
from carrel.core.understanding import Asked
from tests.integration.worlds import World, fake_paper, title_of, world_of_fakes, world_with_real_index

LONG = "Nothing of note happened in this part of the work, and we go on. " * 30
PAPERS: dict[str, tuple[str, dict[str, str]]] = {
    "Windows": (
        "We study sparse attention over long documents. A reef is a metaphor here.",
        {"year": "2019", "authors": "Geoffrey Hinton; Wei Wang", "venue": "NIPS", "doi": "10.1145/ABC"},
    ),
    "Kernels": (
        "Attention which is sparse: kernels for long documents.",
        {
            "year": "2021",
            "authors": "Ada Smith",
            "venue": "ICML",
            "abstract": "On Naïve Bayes and attention.",
        },
    ),
    "Corals": (
        f"Coral reefs bleach. {LONG}\n\n## Late\n\n{LONG} They hold no sparse-attention at all.",
        {"year": "2015", "authors": "José Núñez", "venue": "Nature"},
    ),
    "Chinese": (
        "本文提出稀疏注意力机制，用于处理长文档。",
        {
            "year": "2020",
            "authors": "王伟",
            "venue": "计算机学报",
            "language": "zh",
            "doi": "10.48550/arXiv.1706.03762",
        },
    ),
    "Undated": ("A note on attention, whether to be or not to be.", {"authors": "Anna Hinton"}),
}

Make = Callable[[Path], AbstractContextManager[World]]


@pytest.fixture(scope="module", params=[world_of_fakes, world_with_real_index], ids=["fakes", "real index"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    make: Make = request.param
    with make(tmp_path_factory.mktemp("asking")) as world:
        for title, (text, header) in PAPERS.items():
            world.accept_bytes(f"{title}.pdf", fake_paper(title, text, **header))
        world.work()
        yield world


def found(result: SearchResult) -> list[str]:
    return [title_of(hit) for hit in result.hits]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"sparse attention"', {"Windows", "Corals"}),
        ("“Sparse ATTENTION” documents", {"Windows", "Corals"}),
        ('"naive bayes"', {"Kernels"}),
        ('"Geoffrey Hinton"', {"Windows"}),
        ('"kernels for long documents"', {"Kernels"}),
        ("「稀疏注意力」", {"Chinese"}),
        ("“注意力稀疏” 文档", set()),
        ('"to be or not to be"', {"Undated"}),
        ('"sparse attention" "reef is a metaphor"', {"Windows"}),
        ("attention -reef", {"Kernels", "Chinese", "Undated"}),
        ('attention -"sparse attention"', {"Kernels", "Chinese", "Undated"}),
        ('attention -"to be or not to be" -"the"', {"Windows", "Kernels", "Chinese"}),
        ("attention -documents -稀疏注意力", {"Corals", "Undated"}),
        ("attention -hinton", {"Kernels", "Corals", "Chinese"}),
        ("attention title:windows", {"Windows"}),
        ("attention -title:windows -title:kernels", {"Corals", "Chinese", "Undated"}),
        ("attention author:hinton", {"Windows", "Undated"}),
        ("attention author:hinton author:nunez year:2010..", {"Windows", "Corals"}),
        ("attention year:2019 year:2021", {"Windows", "Kernels"}),
        ("attention -year:2019..2021", {"Corals", "Undated"}),
        ("attention venue:nips venue:学报", {"Windows", "Chinese"}),
        ("attention -venue:nips -lang:zh", {"Kernels", "Corals", "Undated"}),
        ("注意力 作者：王伟 年份：2020", {"Chinese"}),
        ("attention doi:HTTPS://DOI.ORG/10.1145/abc", {"Windows"}),
        ("attention doi:10.48550/ARXIV.1706.03762v2", {"Chinese"}),
        ("attention foo:bar", {"Windows", "Kernels", "Corals", "Chinese", "Undated"}),
    ],
)
def test_conditions_hold_for_everything_that_is_found(shelf: World, text: str, expected: set[str]) -> None:
    result = shelf.search(text, mode=Mode.DENSE if '"to be' in text else Mode.HYBRID)
    assert set(found(result)) == expected
    assert shelf.services.facets(result).papers == len(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("author:hinton", ["Windows", "Undated"]),
        ("year:2016..", ["Kernels", "Chinese", "Windows"]),
        ("year:2016.. -author:smith -注意力", ["Windows"]),
        ("-author:hinton", ["Kernels", "Chinese", "Corals"]),
        ("-attention", []),
        ("venue:nature", ["Corals"]),
        ("doi:10.1145/abc", ["Windows"]),
        ("tag:none", []),
    ],
)
def test_conditions_alone_list_what_meets_them_newest_first(
    shelf: World, text: str, expected: list[str]
) -> None:
    result = shelf.search(text)
    if text == "-attention":  # by words the Chinese paper has none of it
        expected = ["Chinese"]
    assert found(result) == expected
    assert result.understood is not None
    assert result.understood.asked is Asked.CONDITIONS
    assert shelf.services.facets(result).papers == len(expected)
    assert all(hit.passages for hit in result.hits)


def test_what_the_filters_say_and_what_the_text_says_must_both_be_met(shelf: World) -> None:
    assert found(shelf.search("attention year:2019..2021", filters=Filters(2020, 2020))) == ["Chinese"]
    assert found(shelf.search("attention author:hinton", filters=Filters(authors=("anna",)))) == ["Undated"]
    assert found(shelf.search("author:hinton", filters=Filters(2019, 2019))) == ["Windows"]
    assert found(shelf.search("attention venue:nips", filters=Filters(venues=("icml",)))) == []


@pytest.mark.parametrize("text", ["10.1145/ABC", "https://doi.org/10.1145/abc", "arXiv:1706.03762v1"])
def test_an_identifier_finds_its_paper_first(shelf: World, text: str) -> None:
    result = shelf.search(text)
    assert found(result)[0] == ("Chinese" if "arXiv" in text else "Windows")
    assert result.hits[0].quotation > 0
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)


def test_a_bad_value_is_said_and_nothing_is_searched(shelf: World) -> None:
    with pytest.raises(InvalidFilter, match=r"2019\.\.2021"):
        shelf.search("attention year:abc")


# --- Papers as a query ------------------------------------------------------------------------------


def ids(world: World, *titles: str) -> tuple[PaperId, ...]:
    there = {title_of(hit): hit.paper.id for hit in world.search("attention coral", limit=50).hits}
    return tuple(there[title] for title in titles)


def ask(
    world: World, text: str, *, like: tuple[PaperId, ...] = (), unlike: tuple[PaperId, ...] = ()
) -> SearchResult:
    return world.services.search(Query(text, liked=like, disliked=unlike))


def test_a_liked_paper_finds_others_like_it_and_not_itself(shelf: World) -> None:
    windows, corals = ids(shelf, "Windows", "Corals")
    result = ask(shelf, "", like=(windows,))
    assert "Windows" not in found(result)
    assert [record.id for record in result.liked] == [windows]
    both = found(ask(shelf, "attention", like=(windows,), unlike=(corals,)))
    assert not {"Windows", "Corals"} & set(both)
    assert both


@pytest.mark.parametrize("mode", Mode)
def test_a_liked_paper_works_with_conditions_and_in_every_mode(shelf: World, mode: Mode) -> None:
    (windows,) = ids(shelf, "Windows")
    result = shelf.services.search(Query("year:2020..2021 attention", liked=(windows,), mode=mode))
    assert set(found(result)) <= {"Kernels", "Chinese"}


def test_papers_that_are_not_there_and_nothing_that_is_wanted_are_errors(shelf: World) -> None:
    (windows,) = ids(shelf, "Windows")
    with pytest.raises(PaperMissing):
        ask(shelf, "attention", like=(PaperId("f" * 32),))
    with pytest.raises(EmptyQuery):
        ask(shelf, "", unlike=(windows,))
