"""What is known of a paper, in words."""

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.language import ENGLISH, use_language
from carrel.core.metadata import Evidence, Metadata, Source
from carrel.core.quality import ParseQuality
from carrel.core.ranking import PaperRecord
from carrel.web.facts import facts, reading


def test_entries_say_where_they_come_from_and_empty_ones_are_left_out() -> None:
    use_language(ENGLISH)
    metadata = Metadata(
        title="Whales",
        year=1851,
        doi="10.1000/a b?<c>",
        evidence={"title": Evidence(Source.PAGE, 0.9), "year": Evidence(Source.IDENTIFIER, 1.0)},
    )
    record = PaperRecord(PaperId("p"), KnowledgeBaseId("b"), metadata, "whales.pdf", 1)
    found = {fact.name: fact for fact in facts(record)}
    assert found.keys() == {"title", "year", "doi"}
    assert found["title"].origin == "printed on the page · 90 % sure"
    assert found["year"].origin == "follows from an identifier · 100 % sure"
    assert found["doi"].origin == ""
    assert found["doi"].link == "https://doi.org/10.1000/a%20b%3F%3Cc%3E"


def test_a_good_reading_is_not_worth_a_word_and_a_bad_one_says_what_is_wrong() -> None:
    use_language(ENGLISH)
    assert reading(None) is None
    assert reading(ParseQuality()) is None
    garbled = reading(ParseQuality(odd_words=0.2, without_text=(1, 2, 3, 7)))
    assert garbled is not None
    assert garbled.poor
    assert garbled.faults == ("20 % of the words look garbled", "pages 1-3, 7 have no text")
    scanned = reading(ParseQuality(recognised=(4,)))
    assert scanned is not None
    assert not scanned.poor
    assert scanned.faults == ("page 4 was read by OCR",)
