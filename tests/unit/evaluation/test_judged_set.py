"""Judged sets are read in the forms that are about, and what cannot be read is named with its line."""

import json
from pathlib import Path

import pytest

from carrel.core.evaluation_errors import NothingJudged, SetFileMissing, SetUnreadable
from carrel.core.paper import BlockKind
from carrel.evaluation.judged_set import Document, answerable, read_judgments, read_queries, read_set
from carrel.evaluation.set_papers import paper_of, parsed

WHALES = {"_id": "w", "title": "Whales", "text": "Whales sing.\n\nThey dive.", "metadata": {}}
SEALS = {"id": 7, "title": "Seals", "abstract": "Seals bark.", "authors": ["A. Lee"], "year": 2020}


def a_set(folder: Path, qrels: str, name: str = "qrels.tsv") -> Path:
    corpus = [json.dumps(WHALES), "", json.dumps(SEALS)]
    queries = [
        {"_id": "q1", "text": "who sings"},
        {"id": "q2", "text": "who barks"},
        {"id": "q3", "text": "?"},
    ]
    (folder / "corpus.jsonl").write_text("\n".join(corpus), encoding="utf-8")
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)), encoding="utf-8")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(qrels, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "qrels"),
    [
        ("qrels.tsv", "query-id\tcorpus-id\tscore\nq1\tw\t2\nq2\t7\t1\nq3\tw\t0\n"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\tw\t2\nq2\t7\t1\nq3\tgone\t1\n"),
        ("qrels.txt", "q1 0 w 2\nq2 0 7 1\nq3 0 w 0\n"),
    ],
)
def test_a_set_is_read_in_either_form(tmp_path: Path, name: str, qrels: str) -> None:
    found = read_set(a_set(tmp_path, qrels, name))
    assert [document.id for document in found.documents] == ["w", "7"]
    assert found.documents[1] == Document("7", "Seals", "Seals bark.", "", ("A. Lee",), 2020)
    assert found.questions.queries == {"q1": "who sings", "q2": "who barks"}
    assert found.questions.judgments == {"q1": {"w": 2}, "q2": {"7": 1}}
    assert found.questions.unanswered == 1  # q3 has no answer that is there


def test_other_files_of_a_set_can_be_named(tmp_path: Path) -> None:
    a_set(tmp_path, "q1 0 w 1\n")
    (tmp_path / "few.jsonl").write_text('{"id": "z", "text": "diving"}', encoding="utf-8")
    (tmp_path / "few.tsv").write_text("z\tw\t1\n", encoding="utf-8")
    assert read_set(tmp_path, "few.jsonl", "few.tsv").questions.queries == {"z": "diving"}


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    a_set(tmp_path, "q1 0 w 1\n")
    with pytest.raises(SetFileMissing, match=r"other\.tsv"):
        read_set(tmp_path, qrels="other.tsv")
    with pytest.raises(NothingJudged):
        read_set(a_set(tmp_path, "q1 0 gone 1\n"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "Line 3"),
        ("[1]", "no JSON object"),
        ('{"text": "x"}', "neither _id nor id"),
        ('{"id": "w"}', "twice"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str, said: str) -> None:
    a_set(tmp_path, "q1 0 w 1\n")
    (tmp_path / "corpus.jsonl").write_text(f"{json.dumps(WHALES)}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(SetUnreadable, match=said):
        read_set(tmp_path)


def test_a_query_or_a_grade_that_is_there_twice_is_named(tmp_path: Path) -> None:
    queries, qrels = tmp_path / "queries.jsonl", tmp_path / "qrels.tsv"
    queries.write_text('{"id": "a", "text": "x"}\n{"id": "b", "text": "y"}\n{"_id": "a", "text": "z"}\n')
    with pytest.raises(SetUnreadable, match=r"Line 3 of .*queries\.jsonl .* the id a stands there twice"):
        read_queries(queries)
    qrels.write_text("query\tdocument\tgrade\na\tw\t1\na\tv\t2\na\tw\t1\n")
    assert read_judgments(qrels) == {"a": {"w": 1, "v": 2}}  # said twice, and alike
    qrels.write_text("a\tw\t1\nb\tw\t0\na\tw\t0\n")
    with pytest.raises(SetUnreadable, match=r"Line 3 of .*qrels\.tsv .* a and w have two grades"):
        read_judgments(qrels)


@pytest.mark.parametrize("text", ["q1 w\n", "head\nq1 0 w x\n", "q1 a b c d 1\n"])
def test_judgments_in_another_shape_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "qrels.tsv"
    path.write_text(text + "q1 w y\n", encoding="utf-8")
    with pytest.raises(SetUnreadable):
        read_judgments(path)


def test_judgments_of_documents_that_are_not_there_stay() -> None:
    found = answerable({"q": "x"}, {"q": {"here": 1, "gone": 2}}, {"here"})
    assert found.judgments == {"q": {"here": 1, "gone": 2}}


def test_a_document_is_a_paper_with_paragraphs() -> None:
    document = Document("w", "Whales", "", "Whales sing of the sea.\n\nThey dive in the cold of it.")
    paper = parsed(document, lambda _: "en")
    assert [paper.block_text(block) for block in paper.blocks] == document.text.split("\n\n")
    assert {block.kind for block in paper.blocks} == {BlockKind.PARAGRAPH}
    assert (paper.metadata.title, paper.metadata.language) == ("Whales", "en")
    assert paper.metadata.abstract == document.text  # a short text is what it is about
    long = parsed(Document("l", "Long", "", "word " * 2000), lambda _: "")
    assert long.metadata.abstract == ""
    both = parsed(Document("b", "Both", "An abstract.", "A body."), lambda _: "")
    assert (both.metadata.abstract, both.text) == ("An abstract.", "An abstract.\n\nA body.")


def test_a_document_without_text_is_found_by_its_title() -> None:
    assert parsed(Document("t", "Only a title"), lambda _: "").text == "Only a title"


def test_documents_with_the_same_words_are_two_papers() -> None:
    one, other = Document("1", "Same", "", "words"), Document("2", "Same", "", "words")
    assert paper_of(one) != paper_of(other)
    assert paper_of(one) == paper_of(Document("1", "Same", "", "words"))
