import json

from carrel.cli.quality import quality_document, quality_in_words
from carrel.core.metadata_format import quality_fields, quality_of
from carrel.core.quality import ParseQuality, faults, ranges


def test_a_good_reading_has_no_faults() -> None:
    assert quality_in_words(ParseQuality(odd_words=0.01)) == "good (0.96)"
    assert faults(ParseQuality()) == ()


def test_what_is_wrong_is_said_with_its_pages() -> None:
    quality = ParseQuality(0.1, 0.05, 0.3, 0.1, without_text=(3, 4), recognised=tuple(range(1, 13)))
    assert faults(quality) == (
        "10 % of the characters have no meaning",
        "5 % of the words look garbled",
        "30 % of the lines jump between columns",
        "10 % of the printed text is in no block",
        "pages 3, 4 have no text",
        "pages 1-12 were read by OCR",
    )
    assert quality_in_words(ParseQuality(without_text=(7,), recognised=(2,))) == (
        "good (0.90): page 7 has no text; page 2 was read by OCR"
    )


def test_what_was_not_measured_is_not_called_good() -> None:
    quality = ParseQuality(odd_words=0.1, interleaved=None, outside=None)
    assert (
        quality_in_words(quality)
        == "fair (0.60): 10 % of the words look garbled; order and layout not measured"
    )
    document = quality_document(quality)
    assert (document["score"], document["interleaved"], document["outside"]) == (0.6, None, None)
    assert quality_of(json.loads(json.dumps(quality_fields(quality)))) == quality


def test_pages_in_a_row_are_a_range() -> None:
    assert ranges((1,)) == "1"
    assert ranges((1, 2, 4, 5, 6, 9)) == "1, 2, 4-6, 9"


def test_programs_get_every_measure() -> None:
    assert quality_document(ParseQuality(outside=0.25, recognised=(2, 3))) == {
        "score": 0.7125,
        "verdict": "fair",
        "unreadable": 0.0,
        "odd_words": 0.0,
        "interleaved": 0.0,
        "outside": 0.25,
        "without_text": [],
        "recognised": [2, 3],
    }
