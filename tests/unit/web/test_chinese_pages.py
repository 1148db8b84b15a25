"""Every page in Chinese: no English text of ours is left on it, and nothing else changes."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html

import carrel.core
from tests.unit.web.world import House, house, tree

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9"}
# Names, that are the same in every language, and what papers and people say.
NAMES = {"Carrel", "English", "DOI", "arXiv", "API", "PDF", "Word", "HTML", "Markdown"}
SPOKEN = ("alt", "aria-label", "placeholder", "title")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("chinese")) as opened:
        yield opened


@pytest.fixture(scope="module")
def english() -> list[re.Pattern[str]]:
    """Patterns of the catalogue's English, each with anything in the places of its fields."""
    file = Path(carrel.core.__file__).parent / "catalogue_zh.toml"
    texts = [entry["en"] for entry in tomllib.loads(file.read_text(encoding="utf-8"))["text"]]
    patterns = []
    for text in texts:
        parts = re.split(r"\{[^}]*\}", text)
        if max(len(part.strip()) for part in parts) >= 3:
            patterns.append(re.compile(".{0,200}?".join(map(re.escape, parts)), re.DOTALL))
    return patterns


def said(page: html.HtmlElement) -> set[str]:
    """Return every text of ours on a page, shown or spoken: not what papers, people or programs say."""
    theirs = "//*[@dir='auto'] | //code | //pre | //bdi | //script | //*[@lang='en'] | //text | //title"
    for element in page.xpath(theirs):
        element.text = ""
        for child in list(element):
            element.remove(child)
    # Why a file failed is kept in the words of the day, in the language that the server is set to.
    for element in page.xpath("//*[contains(@class, 'why-failed')]"):
        element.text = ""
    texts = {text.strip() for text in page.itertext() if isinstance(text, str)}
    for name in SPOKEN:
        texts |= {value.strip() for value in page.xpath(f"//@{name}")}
    for name in (
        "lost",
        "again",
        "page",
        "of",
        "on-page",
        "waits",
        "sent",
        "there",
        "ended",
        "large",
        "said",
    ):
        texts |= {value.strip() for value in page.xpath(f"//@data-{name}")}
    return {text for text in texts if text}


def test_no_english_is_left_on_a_page_in_chinese(opened: House, english: list[re.Pattern[str]]) -> None:
    left = {}
    for path in opened.addresses():
        answer = opened.see(path, "administrator", **CHINESE)
        if answer.is_redirect:
            continue
        assert answer.headers["content-language"] == "zh", path
        page = tree(answer)
        if "<html" in answer.text:
            assert page.get("lang") == "zh-Hans"
        for text in said(page):
            if text not in NAMES and any(pattern.fullmatch(text) for pattern in english):
                left[path] = text
    assert left == {}


def test_words_of_ours_are_chinese_words(opened: House) -> None:
    """Texts that never came into the catalogue are found by their letters."""
    known = NAMES | {"p.", "ms", "owner", "editor", "viewer", "administrator", "Sea animals"}
    odd: dict[str, set[str]] = {}
    for path in opened.addresses():
        answer = opened.see(path, "administrator", **CHINESE)
        if answer.is_redirect:
            continue
        for text in said(tree(answer)):
            words = re.search(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}", text)
            if words and text not in known and not re.search(r"[\u4e00-\u9fff]", text):
                odd.setdefault(text, set()).add(path)
    assert odd == {}


def test_both_languages_have_the_same_parts(opened: House) -> None:
    for path in ("/", "/shelves", "/settings", "/?q=whales", "/glance"):
        english_page, chinese_page = (
            tree(opened.see(path, "viewer", **headers)) for headers in ({"Accept-Language": "en"}, CHINESE)
        )
        shape = [element.tag for element in english_page.iter()]
        assert shape == [element.tag for element in chinese_page.iter()], path


def test_what_a_reader_chose_comes_before_what_the_browser_says(opened: House) -> None:
    chosen = {"Cookie": "carrel_session=viewer-session; carrel_language=en", **CHINESE}
    answer = opened.lab.client.get("/shelves", headers=chosen)
    assert answer.headers["content-language"] == "en"
    assert opened.see("/shelves", **{"Accept-Language": "de"}).headers["content-language"] == "en"
