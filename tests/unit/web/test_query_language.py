"""The query language on the search page: what was understood, as chips that can be taken away."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.unit.api.rest.lab import API
from tests.unit.web.world import House, house, tree, words


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("query")) as opened:
        yield opened


def asking(**fields: str) -> str:
    return "/?" + urlencode(fields)


def titles(there: House, address: str, who: str = "viewer") -> list[str]:
    return [each.text_content() for each in tree(there.see(address, who)).xpath("//h2[@class='hit-title']")]


def test_what_was_understood_stands_over_the_answer_and_can_be_taken_away(there: House) -> None:
    asked = 'krill "sing in the deep" -walrus author:moby'
    page = tree(there.see(asking(q=asked)))
    assert titles(there, asking(q=asked)) == ["Whales of the North"]
    chips = page.xpath("//*[@id='answer-count']//a[contains(@class, 'chip')]")
    assert [chip.text_content().strip() for chip in chips] == [
        "the words “sing in the deep”",
        "not the word walrus",
        "author: moby",
    ]
    left = [parse_qs(urlsplit(chip.get("href")).query)["q"][0] for chip in chips]
    assert left == [
        "krill -walrus author:moby",
        'krill "sing in the deep" author:moby',
        'krill "sing in the deep" -walrus',
    ]
    marked = {mark.text_content() for mark in page.xpath("//mark")}
    assert "sing in the deep" in marked
    assert not {"walrus", "moby", "author"} & {each.lower() for each in marked}


def test_fields_alone_list_papers_and_a_bad_one_says_how_to_write_it(there: House) -> None:
    assert titles(there, asking(q="author:moby")) == ["Seals of the Shore", "Whales of the North"]
    answer = there.see(asking(q="whales year:long-ago"))
    assert "2019..2021" in words(answer)
    assert answer.status_code == 200
    answer = there.see(asking(q="whales " + " ".join(f"-zq{chr(97 + n)}" for n in range(17))))
    assert "16 may be phrases or excluded words" in words(answer)
    assert answer.status_code == 200


def test_a_result_leads_to_more_and_to_less_like_it(there: House) -> None:
    page = tree(there.see(asking(q="whales")))
    (more, *_), (less, *_) = (
        page.xpath(f"//li[@data-paper='{there.paper}']//a[text()='{text}']/@href")
        for text in ("More like this", "Less like this")
    )
    assert titles(there, more) == titles(there, less) == ["Seals of the Shore"]
    chips = tree(there.see(less)).xpath("//*[@id='answer-count']//a[contains(@class, 'chip')]")
    assert [chip.text_content().strip() for chip in chips] == ["unlike Whales of the North"]
    assert titles(there, chips[0].get("href")) == titles(there, asking(q="whales"))
    alone = asking(like=there.paper)
    assert titles(there, alone) == ["Seals of the Shore"]
    assert tree(there.see(alone)).xpath("//input[@name='like']/@value") == [there.paper]


def test_a_paper_that_one_may_not_read_is_liked_like_one_that_is_not_there(there: House) -> None:
    answers = [there.see(asking(q="whales", like=paper), "stranger") for paper in (there.paper, "f" * 32)]
    said = [words(answer).replace(there.paper, "f" * 32) for answer in answers]
    assert said[0] == said[1]
    assert "There is no paper" in said[0]


def test_rest_says_what_was_understood_and_asks_with_papers(there: House) -> None:
    def post(who: str, **wanted: object) -> dict[str, object]:
        client = there.lab.client
        found: dict[str, object] = client.post(
            f"{API}/search", json=wanted, headers=there.lab.as_(who)
        ).json()
        return found

    answer = post("viewer", query='whales "sing" year:1800..1900', unlike=["seals.pdf"])
    assert answer["understood"] == {
        "text": "whales sing",
        "kind": "keywords",
        "language": "en",
        "conditions": [
            {"field": "phrase", "value": "sing", "excluded": False, "without": "whales year:1800..1900"},
            {"field": "year", "value": "1800..1900", "excluded": False, "without": 'whales "sing"'},
        ],
        "like": [],
        "unlike": answer["understood"]["unlike"],  # type: ignore[index]
    }
    assert [each["title"] for each in answer["understood"]["unlike"]] == ["Seals of the Shore"]
    assert post("viewer", like=[there.paper[:12]])["results"]
    for paper in (there.paper, "f" * 32):
        assert str(post("stranger", like=[paper])["type"]).endswith("paper-missing")
    assert str(post("viewer", unlike=[there.paper])["type"]).endswith("empty-query")


def test_rest_reads_no_operators_in_a_literal_query(there: House) -> None:
    def understood(**wanted: object) -> dict[str, object]:
        asked = {"query": 'whales -seals "sing" title:north', **wanted}
        answer = there.lab.client.post(f"{API}/search", json=asked, headers=there.lab.as_("viewer")).json()
        found: dict[str, object] = answer["understood"]
        return found

    assert [each["field"] for each in understood()["conditions"]] == ["word", "phrase", "title"]  # type: ignore[attr-defined]
    literal = understood(literal=True)
    assert literal["conditions"] == []
    assert literal["text"] == 'whales -seals "sing" title:north'


def test_newer_papers_and_papers_unlike_one_another_are_wishes_on_the_page_and_in_rest(there: House) -> None:
    plain, wished = "/?q=whales", "/?q=whales&prefer=recent&prefer=cited&diverse=1&why=1"
    assert titles(there, plain) == ["Whales of the North", "Seals of the Shore"]
    answer = there.see(wished)
    page = tree(answer)
    ticked = page.xpath("//form[@role='search']//input[@type='checkbox'][@checked]/@name")
    assert ticked == ["prefer", "prefer", "diverse"]
    chips = page.xpath("//*[@id='answer-count']//a[contains(@class, 'chip')]")
    assert [chip.text_content().strip() for chip in chips] == [
        "newer papers further up",
        "cited papers further up",
        "papers unlike one another",
    ]
    left = [parse_qs(urlsplit(chip.get("href")).query) for chip in chips]
    assert [(each.get("prefer"), each.get("diverse")) for each in left] == [
        (["cited"], ["1"]),
        (["recent"], ["1"]),
        (["recent", "cited"], None),
    ]
    assert "Cited by 0 of the papers searched" in words(answer)
    assert "Of 1851: " in words(answer)
    assert "were put further up: place " in words(answer)
    found = there.lab.client.post(
        f"{API}/search",
        json={"query": "whales", "prefer": ["recent", "cited"], "diverse": True, "explain": True},
        headers=there.lab.as_("viewer"),
    ).json()["results"]
    assert {each["favours"][0]["value"] for each in found} == {1851, 1999}
    assert {each["favours"][1]["value"] for each in found} == {0}
    assert {each["place_before"] for each in found} == {1, 2}
