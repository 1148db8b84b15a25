"""Two files of one paper, set differently: added, found as one, listed as two."""

import textwrap
from pathlib import Path

import pytest

from tests.e2e.command import Carrel
from tests.unit.parsing import samples

TITLE = "How Corals Remember Warm Summers"
AUTHORS = "Ada Lovelace, Alan M. Turing"
TEXT = (
    "Corals that have lived through a warm summer bleach less in the next one. We follow forty colonies "
    "on two reefs for six years and measure how much of this is memory and how much is the death of the "
    "weak. Every colony was photographed each week from a fixed frame, and the paleness of its tissue "
    "was read from the photographs by two observers who did not know the year. Temperatures come from "
    "loggers that were screwed to the rock beside each colony and read twice a year. A colony counts as "
    "bleached when a third of its surface is paler than the lightest card of the reference chart. In "
    "the second summer the colonies that had bleached before held their colour for eleven days longer "
    "than those that had been shaded by divers. The difference was gone after three mild years, so that "
    "the memory, if it is one, fades. Symbionts were sampled with a syringe from the same polyp group "
    "each spring, and their types did not change in any way that would explain the delay. We therefore "
    "think that the host itself keeps a trace of the heat, perhaps in the proteins that fold and unfold "
    "others, which stay abundant for months after a warm spell has ended. Managers who shade reefs "
    "during a heat wave should know that they may also shade away this memory."
)
QUESTION = "do corals get used to heat waves"


def typeset(path: Path, columns: int, heading: str, text: str = TEXT, title: str = TITLE) -> Path:
    lines = textwrap.wrap(text, columns, break_on_hyphens=False)
    half = len(lines) // 2
    pages = (
        (("Abstract", ("We follow forty colonies and find that corals remember.",)), (heading, lines[:half])),
        (("2 Discussion", lines[half:]),),
    )
    path.write_bytes(samples.paper(title, AUTHORS, pages))
    return path


@pytest.fixture
def two_versions(carrel: Carrel, tmp_path: Path) -> tuple[Carrel, str, str]:
    """A preprint and the published paper, and another paper by the same authors."""
    revised = TEXT.replace("We therefore think", "It is likely").replace(
        " Temperatures come", " Readings come"
    )
    preprint = typeset(tmp_path / "preprint.pdf", 84, "1 Introduction")
    published = typeset(tmp_path / "published.pdf", 61, "I. WARM SUMMERS", revised, f"{TITLE}: A Field Study")
    other = samples.paper(
        "Glaciers and Their Rivers",
        AUTHORS,
        [(("1 Introduction", ("Glaciers feed rivers that people drink.",)),)],
    )
    (tmp_path / "other.pdf").write_bytes(other)
    added = carrel.json("add", preprint, published, tmp_path / "other.pdf")
    assert [item["status"] for item in added["items"]] == ["ready"] * 3
    return carrel, added["items"][0]["paper_id"], added["items"][1]["paper_id"]


def test_two_versions_are_one_result(two_versions: tuple[Carrel, str, str]) -> None:
    carrel, preprint, published = two_versions
    results = carrel.json("search", QUESTION)["results"]
    assert [result["rank"] for result in results] == [1, 2]
    best, other = (result["paper"] for result in results)
    assert {best["id"], best["versions"][0]["id"]} == {preprint, published}
    assert [set(version) for version in best["versions"]] == [{"id", "title", "year", "venue", "doi", "file"}]
    assert other["versions"] == []
    assert len(carrel.json("search", QUESTION, "--limit", "1")["results"]) == 1

    text = carrel.run("search", QUESTION).out
    (also,) = [line for line in text.splitlines() if "also: " in line]
    assert best["versions"][0]["file"] in also
    assert best["versions"][0]["id"][:10] in also


def test_two_versions_are_listed_and_name_each_other(two_versions: tuple[Carrel, str, str]) -> None:
    carrel, preprint, published = two_versions
    listed = {paper["id"]: paper["versions"] for paper in carrel.json("list")["papers"]}
    assert listed.pop(preprint) == [published]
    assert listed.pop(published) == [preprint]
    assert list(listed.values()) == [[]]
    shown = carrel.json("show", preprint)
    assert [version["id"] for version in shown["versions"]] == [published]
    assert "published.pdf" in carrel.run("show", preprint).out
    lines = carrel.run("list").out.splitlines()
    assert len(lines) == 3
    assert sum("(version of " in line for line in lines) == 1
    assert all(len(line) <= 100 for line in lines)
    assert "的另一版本" in carrel.with_settings(CARREL_LANGUAGE="zh").run("list").out

    carrel.json("remove", published)
    assert carrel.json("show", preprint)["versions"] == []
    assert carrel.json("search", QUESTION)["results"][0]["paper"]["versions"] == []


def test_versions_in_another_knowledge_base_are_named_only_where_it_is_asked(
    two_versions: tuple[Carrel, str, str], tmp_path: Path
) -> None:
    carrel, preprint, published = two_versions
    carrel.json("add", tmp_path / "preprint.pdf", "--kb", "mine")
    only = carrel.json("search", QUESTION, "--kb", "mine")["results"]
    assert [(result["paper"]["id"], result["paper"]["versions"]) for result in only] == [(preprint, [])]
    assert carrel.json("show", preprint, "--kb", "mine")["versions"] == []
    assert [paper["versions"] for paper in carrel.json("list", "--kb", "mine")["papers"]] == [[]]
    assert [version["id"] for version in carrel.json("show", preprint)["versions"]] == [published]
