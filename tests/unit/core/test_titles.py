"""Titles: which are alike, which number parts, which name a text about another paper."""

import pytest

from carrel.core import titles
from carrel.core.titles import Alike

ATTENTION = "Sparse Attention for Long Documents"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (ATTENTION, "SPARSE ATTENTION FOR LONG DOCUMENTS*", Alike.SAME),
        (ATTENTION, "Sparse Attention for Long Documents: Extended Version", Alike.SAME),
        (ATTENTION, "Towards Sparse Attention for Long Documents", Alike.SAME),
        (ATTENTION, "Sparse Attentions for Long Document", Alike.NEAR),
        (ATTENTION, "Linear Attention for Short Queries", Alike.NOT),
        (ATTENTION, "Sparse Attention for Long Documents, Part II", Alike.NOT),
        ("Über naïve Schätzer für Zeitreihen", "Uber naive Schatzer fur Zeitreihen", Alike.SAME),
        ("Introduction", "Introduction", Alike.NOT),
        ("", "", Alike.NOT),
        ("", ATTENTION, Alike.NOT),
        ("长文档的稀疏注意力", "长文档的稀疏注意力研究", Alike.SAME),
        ("前言", "前言", Alike.NOT),
    ],
)
def test_titles_alike(one: str, other: str, expected: Alike) -> None:
    assert titles.alike(one, other) is expected
    assert titles.alike(other, one) is expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Foundations, Part II: Proofs", ("2",)),
        ("Foundations, Part I: Proofs", ("1",)),
        ("Foundations, part one", ("1",)),
        ("Foundations IV", ("4",)),
        ("Report 2019, vol. 07", ("2019", "7")),
        ("COVID-19 in children", ("19",)),
        ("What I saw and why I left", ()),
        ("数论基础（上）", ("上",)),
        ("数论基础第三章", ("3",)),
        ("上海的空气", ()),
    ],
)
def test_numbers_that_tell_parts_from_each_other(title: str, expected: tuple[str, ...]) -> None:
    assert titles.numbers(title) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Annual Report 2019", "Annual Report 2020", True),
        ("Foundations, part I", "Foundations, part II", True),
        ("数论基础（上）", "数论基础（下）", True),
        ("Annual Report 2019", "Annual Report", False),
        ("Beam bending in 1-D", "A summer school of 3 weeks in neuroscience", False),
    ],
)
def test_parts_of_a_series(one: str, other: str, expected: bool) -> None:
    assert titles.of_a_series(one, other) is expected
    assert titles.of_a_series(other, one) is expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        (ATTENTION, ""),
        (f"Correction to: {ATTENTION}", "correction"),
        (f"Erratum: {ATTENTION}", "correction"),
        (f"{ATTENTION} (Corrigendum)", "correction"),
        (f"Comment on “{ATTENTION}”", "answer"),
        (f"Reply to {ATTENTION}", "answer"),
        (f"Supplementary material for {ATTENTION}", "supplement"),
        (f"{ATTENTION}: supplementary information", "supplement"),
        ("Error correction codes in practice", ""),
        ("Response surfaces of neurons", ""),
        ("勘误：长文档的稀疏注意力", "correction"),
    ],
)
def test_texts_about_another_paper(title: str, expected: str) -> None:
    assert titles.notice(title) == expected
