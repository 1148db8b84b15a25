"""What programs know by a code is said in words: the audit log, failures, what is wrong with a file."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import carrel.parsing
from carrel.api.rest.wording import told
from carrel.core.audit import Action
from carrel.core.detail import detail_said
from carrel.core.error_base import kind_of
from carrel.core.errors import DamagedPdf, PaperError
from carrel.core.kept_errors import kept
from carrel.core.language import CHINESE, ENGLISH, use_language
from carrel.web.deeds import deed, details, doer, failure
from tests.unit.web.world import House, house, words

IN_CHINESE = {"Accept-Language": "zh-CN"}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as opened:
        yield opened


@pytest.fixture
def chinese() -> Iterator[None]:
    use_language(CHINESE)
    yield
    use_language(ENGLISH)


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


@pytest.mark.usefixtures("chinese")
def test_who_is_no_user_is_said_in_words() -> None:
    assert [is_chinese(doer("", name)) for name in ("server", "command line", "")] == [True] * 3
    assert doer("u1", "server") == "server"


@pytest.mark.usefixtures("chinese")
def test_every_deed_and_every_failure_of_a_file_has_words() -> None:
    assert [each for each in Action if not is_chinese(deed(each))] == []
    left, kinds = [*PaperError.__subclasses__()], set[str]()
    while left:
        known = left.pop()
        left += known.__subclasses__()
        kinds.add(kind_of(known) if known.__module__.startswith("carrel.") else "")
    assert [kind for kind in sorted(kinds - {""}) if not is_chinese(failure(kind))] == []


@pytest.mark.usefixtures("chinese")
def test_what_parsers_say_of_a_file_is_known() -> None:
    said = set[str]()
    for path in Path(carrel.parsing.__path__[0]).glob("*.py"):
        named = (each for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.keyword))
        values = (each.value for each in named if each.arg == "detail")
        said |= {str(value.value) for value in values if isinstance(value, ast.Constant)}
    assert len(said) > 8
    assert [each for each in sorted(said) if not is_chinese(detail_said(each))] == []
    error = DamagedPdf(name="x.pdf", detail="its end is missing")
    assert "文件末尾缺失" in told(error.kind, kept(error), in_whole=False)
    assert "文件末尾缺失" in told(error.kind, kept(error), in_whole=True)


def test_details_have_names_and_ids_are_left_out() -> None:
    detail = {"name": "Sea", "user_id": "0" * 32, "administrator": "False", "tags": ""}
    assert details(detail) == (("Name", "Sea"), ("administrator", "no"))


def test_the_audit_log_and_failures_speak_chinese(opened: House) -> None:
    opened.send(opened.at("/shelves/{base}/papers/{paper}/correct"), authors="A\nB", title="T")
    log = words(opened.see("/settings/audit", "administrator", **IN_CHINESE))
    assert "更正了论文" in log
    assert "A; B" in log
    assert "paper-correct" not in log
    assert "不是 PDF" in words(opened.see("/glance", **IN_CHINESE))


def test_a_colleague_who_is_not_let_in_reads_whom_to_ask(opened: House) -> None:
    page = opened.see(opened.at("/shelves/{base}"), "stranger")
    assert page.status_code == 404
    assert "Ask one of its owners" in page.text
    assert 'href="/shelves"' in page.text
    assert opened.base.id not in words(page)
    answer = opened.see(f"/?q=whales&kb={opened.base.id}", "stranger")
    for each in (page, answer):
        assert "/api/v1" not in words(each)
    assert "Ask one of its owners" in answer.text


def test_who_has_no_knowledge_base_reads_so_of_every_question(opened: House) -> None:
    assert "No knowledge base yet" in opened.see("/?q=whales", "stranger").text
    assert "No paper answers this" not in opened.see("/?q=whales", "stranger").text
