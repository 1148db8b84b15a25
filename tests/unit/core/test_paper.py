"""What a section's name says of it."""

import pytest

from carrel.core.paper import is_reference_list


@pytest.mark.parametrize(
    "heading",
    [
        "References",
        "REFERENCES:",
        "7 References",
        "7.References",
        "VII. References",
        "VII References",
        "vii. References",
        "A.1 References",
        "References and Notes",
        "References cited",
        "Literature",
        "Literature Cited",
        "Literaturverzeichnis",
        "Works cited",
        "Références",
        "Referencias",
        "Bibliografía",
        "参考文献",
        "参 考 文 献",
        "參考文獻",
        "六、参考文献",
        "第六章 参考文献",
        "引用文献：",
        "참고 문헌",
        "3 Results › References",
    ],
)
def test_a_list_of_references_is_told_by_its_heading(heading: str) -> None:
    assert is_reference_list(heading)


@pytest.mark.parametrize(
    "heading",
    [
        "Literature review",
        "Reference model",
        "References › Appendix",
        "Cross references",
        "文献综述",
        "",
        "7",
    ],
)
def test_other_headings_are_none(heading: str) -> None:
    assert not is_reference_list(heading)
