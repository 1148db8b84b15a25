"""What a knowledge base is of, in the pages: chosen, shown, changed; and over REST."""

from pathlib import Path

from carrel.core.domains import Domain
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.metadata import Metadata
from carrel.core.ranking import PaperRecord
from carrel.parsing.code_reader import read_code
from carrel.web.facts import facts
from carrel.web.flow import flow
from tests.unit.api.rest.lab import API
from tests.unit.web.browsing import look, pages, send


def test_it_is_chosen_shown_and_changed(tmp_path: Path) -> None:
    with pages(tmp_path) as opened:
        for each in Domain:
            assert f'<option value="{each}"' in look(opened, "/shelves", "owner").text
        made = send(opened, "/shelves", "owner", {"name": "Laws", "domain": "statutes"})
        address = made.headers["location"]
        assert "Statutes" in look(opened, "/shelves", "owner").text
        assert "Each article is a passage" in look(opened, f"{address}/settings", "owner").text
        assert '<option value="statutes" selected>' in look(opened, f"{address}/vectorization", "owner").text

        form = {"size": "1024", "overlap": "256", "parser": "pdfium", "domain": "code"}
        assert send(opened, f"{address}/vectorization", "owner", form).status_code == 303
        assert "Program code" in look(opened, f"{address}/settings", "owner").text
        assert ".rs" in look(opened, address, "owner").text  # among the files that can be chosen


def test_it_is_a_field_over_rest_that_needs_another_index(tmp_path: Path) -> None:
    with pages(tmp_path) as opened:
        bases, owner = f"{API}/knowledge-bases", opened.as_("owner")
        made = opened.client.post(bases, json={"name": "Laws", "domain": "statutes"}, headers=owner)
        assert (made.status_code, made.json()["domain"]) == (201, "statutes")
        assert (
            opened.client.post(bases, json={"name": "x", "domain": "cookery"}, headers=owner).status_code
            == 422
        )
        url = f"{bases}/{made.json()['id']}"
        assert opened.client.patch(url, json={"domain": "code"}, headers=owner).status_code == 409
        begun = opened.client.post(f"{url}/reindex", json={"domain": "code"}, headers=owner)
        assert (begun.status_code, begun.json()["serving"]["domain"]) == (202, "code")


def test_fields_are_those_of_the_domain() -> None:
    said = Metadata(title="A lamp", authors=("Jane Doe",), venue="Lamps Inc.", doi="10.1000/1", year=2018)
    record = PaperRecord(PaperId("p" * 32), KnowledgeBaseId("k" * 32), said, "a.pdf", 1)
    labels = {fact.name: fact.label for fact in facts(record, Domain.PATENTS)}
    assert (labels["authors"], labels["venue"]) == ("Inventors", "Applicant")
    assert "doi" not in labels
    assert {fact.name for fact in facts(record, Domain.CODE)} == {"title"}


def test_functions_are_places_in_the_text_of_a_program() -> None:
    paper = read_code("import os\n\ndef f():\n    pass\n\ndef g():\n    pass\n\nx = 1\n", "a.py")
    places = [(part.kind.value, "".join(piece.text for piece in part.pieces)) for part in flow(paper, ())]
    assert places == [
        ("code", "import os"),
        ("heading", ""),
        ("code", "def f():\n    pass"),
        ("heading", ""),
        ("code", "def g():\n    pass"),
        ("code", "x = 1"),
    ]
