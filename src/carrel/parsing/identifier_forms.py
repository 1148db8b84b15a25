"""The forms of DOIs and arXiv ids: where one ends in a text, and what year an arXiv id tells."""

_FIRST_YEAR_OF_ARXIV = 91  # 1991: a smaller number is of this century


def trimmed_doi(doi: str) -> str:
    """Return a DOI in small letters, without what stands behind it in a text; its own brackets stay."""
    doi = doi.rstrip(".,;:'”’*†")
    while doi.endswith(")") and doi.count("(") < doi.count(")"):
        doi = doi[:-1].rstrip(".,;:")
    return doi.lower()


def year_of_arxiv(arxiv_id: str) -> int | None:
    """Return the year in an arXiv id, 2103.00020 or hep-th/9901001; None where it holds none."""
    digits = arxiv_id.rpartition("/")[2][:2]
    if not digits.isdecimal():
        return None
    return (1900 if int(digits) >= _FIRST_YEAR_OF_ARXIV else 2000) + int(digits)
