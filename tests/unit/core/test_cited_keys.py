"""What a reference is to: by identifiers, and by titles however references are written."""

import numpy as np
import pytest

from carrel.core.cited_keys import keys_of_reference, keys_of_references, keys_of_work
from carrel.core.paper import Block, BlockKind, ParsedPaper
from tests.fakes.parser import FakeParser, fake_pdf

TITLE = "Attention in Sparse Networks: A Survey"


@pytest.mark.parametrize(
    "reference",
    [
        "Moby, A., & Ishmael, B. (2017). Attention in sparse networks: A survey. Journal of Nets, 3(1), 1–9.",
        "[7] A. Moby and B. Ishmael, “Attention in sparse networks: A survey,” in Proc. NETS, 2017, pp. 1–9.",
        "Ada Moby, Bo Ishmael, and C. D. Ahab. 2017. Attention in Sparse Networks: A Survey. In NETS '17.",
        "12. Moby, A. et al. Attention in sparse networks: a survey. J. Nets 3, 1–9 (2017).",
        "Moby, A., Ishmael, B.: Attention in Sparse Networks: A Survey. In: NETS, pp. 1–9. Springer (2017)",
        "Moby A, Ishmael B. Attention in sparse net- works: a survey. J Nets. 2017;3:1-9.",
    ],
)
def test_a_title_is_found_however_the_reference_is_written(reference: str) -> None:
    assert keys_of_reference(reference) & keys_of_work(TITLE, "", "")
    assert not keys_of_reference(reference) & keys_of_work("Attention in Sparse Networks", "", "")
    assert not keys_of_reference(reference) & keys_of_work("Journal of Nets", "", "")


@pytest.mark.parametrize(
    ("reference", "title"),
    [
        (
            "[3] 王伟. 基于稀疏注意力的长文档检索[J]. 计算机学报, 2020.",
            "基于稀疏注意力的长文档检索",
        ),
        ("Moby, A. (2019). Could black holes explain it all? Sea, 1.", "Could Black Holes Explain It All?"),
    ],
)
def test_so_are_chinese_ones_and_questions(reference: str, title: str) -> None:
    assert keys_of_reference(reference) & keys_of_work(title, "", "")


def test_identifiers_are_enough_and_short_titles_are_not() -> None:
    reference = "A. Moby. Whales. arXiv:1706.03762v5, https://doi.org/10.1000/XYZ.7."
    assert keys_of_reference(reference) & keys_of_work("", "10.1000/xyz.7", "")
    assert keys_of_reference(reference) & keys_of_work("", "", "1706.03762v2")
    assert keys_of_reference(reference) & keys_of_work("", "10.48550/arXiv.1706.03762", "")
    assert keys_of_work("Whales", "", "") == keys_of_work("", "", "") == frozenset()


def test_of_a_paper_all_references_and_nothing_else(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("paper") / "a.pdf"
    cited = "Moby, A. (1851). Whales of the northern seas. Sea, 1."
    path.write_bytes(
        fake_pdf("A title", f"Seals of the southern shores. It is said.\n\n> {cited}\n\n> {cited}")
    )
    parsed = FakeParser().parse(path, "a.pdf")
    keys = np.frombuffer(keys_of_references(parsed), "<i8").tolist()
    assert keys == sorted(keys_of_reference(cited))
    assert not keys_of_work("Seals of the southern shores", "", "") & set(keys)
    assert keys_of_references(_without_references(parsed)) == b""


def _without_references(parsed: ParsedPaper) -> ParsedPaper:
    kept: tuple[Block, ...] = tuple(b for b in parsed.blocks if b.kind is not BlockKind.REFERENCE)
    return ParsedPaper(parsed.metadata, parsed.text, kept, parsed.words, parsed.pages)
