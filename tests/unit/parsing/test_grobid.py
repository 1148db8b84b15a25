"""GROBID's TEI and its refusals, as its documentation and its formatter write them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from carrel.core.errors import (
    CarrelError,
    DamagedPdf,
    EncryptedPdf,
    ParsingServiceRefused,
    ParsingServiceUnavailable,
    TooManyPages,
)
from carrel.core.metadata import Source
from carrel.core.page_errors import UnreadableHere
from carrel.core.paper import Box, PageSize, ParsedPaper, sections
from carrel.core.quality import Verdict
from tests.contract.services import RECORDED, Answer, StandIn, grobid_stand_in, standing_in
from tests.unit.parsing import samples

pytest.importorskip("lxml", reason="the extra carrel[grobid] is not installed")

from carrel.core.scan_errors import ScanHere
from carrel.parsing.grobid_parser import GrobidParser, grobid_service
from carrel.parsing.grobid_tei import NotTei, read_tei
from carrel.parsing.pdf_frame import PdfFrame
from carrel.parsing.service_client import ServiceClient

PAGES = (PageSize(612, 792), PageSize(612, 792))

REEFS = (RECORDED / "grobid_reefs.tei.xml").read_bytes()


def _tei(body: str) -> bytes:
    surfaces = "".join(f'<surface n="{n}" ulx="0.0" uly="0.0" lrx="612.0" lry="792.0"/>' for n in (1, 2))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<TEI xml:space="preserve" xmlns="http://www.tei-c.org/ns/1.0">\n'
        f"<facsimile>{surfaces}</facsimile><text><body>{body}</body></text></TEI>"
    ).encode()


@pytest.fixture(scope="module")
def paper() -> ParsedPaper:
    return read_tei(REEFS, PAGES)


def _boxes(paper: ParsedPaper, text: str) -> tuple[Box, ...]:
    at = paper.text.index(text)
    return paper.words.boxes(at, at + len(text))


def test_the_header_is_the_metadata(paper: ParsedPaper) -> None:
    metadata = paper.metadata
    assert metadata.title == "Corals in fields of Heat"
    assert metadata.authors == ("María J. de la Cruz", "王小明")
    assert metadata.abstract == (
        "Corals bleach when the water is too warm for too long. We measure how warm and how long."
    )
    assert (metadata.year, metadata.venue) == (2021, "Journal of Reefs")
    assert (metadata.doi, metadata.arxiv_id) == ("10.1234/reef.2021.7", "2103.01234")
    assert (metadata.keywords, metadata.language) == (("corals", "heat stress"), "en")
    assert metadata.evidence["doi"].source is Source.SERVICE
    assert set(metadata.evidence) == {
        *("title", "authors", "abstract", "year", "venue", "doi", "arxiv_id", "language", "keywords")
    }


def test_blocks_are_of_their_kinds_and_figures_stand_on_their_pages(paper: ParsedPaper) -> None:
    assert [(block.kind.value, block.level, paper.block_text(block)) for block in paper.blocks] == [
        ("front", 0, "Corals in fields of Heat"),
        ("front", 0, "María J. de la Cruz, 王小明"),
        ("paragraph", 0, paper.metadata.abstract),
        ("heading", 1, "1 Introduction"),
        ("paragraph", 0, "A sentence that begins on one page [1] and ends on the next. Another one."),
        ("caption", 0, "Fig. 1 . A reef before and after."),
        ("footnote", 0, "1 Measured at noon."),
        ("paragraph", 0, "E = mc 2 (1)"),
        ("heading", 2, "1.1. Heat"),
        ("paragraph", 0, "No one knows where this stands."),
        ("paragraph", 0, "The first of a list."),
        ("heading", 1, "Unnumbered"),
        ("paragraph", 0, "The end of it."),
        ("heading", 1, "Acknowledgements"),
        ("paragraph", 0, "We thank the fish."),
        ("caption", 0, "Table 1 . Degrees and weeks."),
        ("table", 0, "Site Weeks North 12"),
        ("heading", 1, "References"),
        ("reference", 0, "A. Fish. Warm water. Sea, 1999."),
        ("reference", 0, "A book 2001"),
    ]
    assert [section.name for section in sections(paper)][-1] == "References"


def test_a_sentence_is_boxed_by_its_own_lines(paper: ParsedPaper) -> None:
    assert _boxes(paper, "Corals bleach when the water is too warm for too long.") == (
        Box(1, 60, 120, 460, 130),
        Box(1, 60, 134, 260, 144),
    )
    assert _boxes(paper, "We measure how warm and how long.") == (Box(1, 264, 134, 454, 144),)
    first, second = _boxes(paper, "A sentence that begins on one page [1] and ends on the next.")
    assert (first.page, second.page) == (1, 2)
    assert _boxes(paper, "A. Fish. Warm water. Sea, 1999.") == (
        Box(2, 60, 500, 260, 509),
        Box(2, 60, 510, 180, 519),
    )


def test_words_of_two_sentences_on_one_line_make_one_box(paper: ParsedPaper) -> None:
    at = paper.text.index("Corals bleach")
    end = paper.text.index("how long.") + len("how long.")
    assert paper.words.boxes(at, end) == (Box(1, 60, 120, 460, 130), Box(1, 60, 134, 454, 144))


def test_a_word_is_as_wide_as_its_share_of_the_line(paper: ParsedPaper) -> None:
    (box,) = _boxes(paper, "thank")  # characters 3 to 8 of 18, on a line from 60 to 260
    assert (box.x0, box.x1) == pytest.approx((60 + 200 * 3 / 18, 60 + 200 * 8 / 18), abs=0.01)


def test_what_has_no_place_has_no_box(paper: ParsedPaper) -> None:
    assert _boxes(paper, "No one knows where this stands.") == ()
    assert _boxes(paper, "References") == ()
    assert np.all(np.diff(paper.words.start) >= 0)


def test_pages_of_another_size_are_scaled() -> None:
    paper = read_tei(REEFS.replace(b'lrx="612.0" lry="792.0"', b'lrx="306.0" lry="396.0"'), PAGES)
    assert _boxes(paper, "We thank the fish.") == ()  # below the end of its page
    (box,) = _boxes(paper, "Another one.")
    assert (box.page, box.x0, box.y0, box.x1, box.y1) == (2, 328, 120, 520, 140)


def test_figures_stand_at_the_end_where_no_paragraph_has_a_place() -> None:
    figure = '<figure coords="1,60,60,200,10"><figDesc>A reef.</figDesc></figure>'
    header = REEFS[REEFS.index(b"<teiHeader") : REEFS.index(b"<profileDesc")] + b"</teiHeader>"
    tei = _tei(f"<div><p>First.</p></div>{figure}<div><p>Last.</p></div>")
    paper = read_tei(tei.replace(b"<facsimile>", header + b"<facsimile>"), PAGES)
    assert [paper.block_text(block) for block in paper.blocks][2:] == ["First.", "Last.", "A reef."]


def test_thousands_of_boxes_and_figures_take_no_time_worth_mentioning() -> None:
    boxes = ";".join(["1,60,60,200,10", "1,60,72,200,10"] * 10_000)
    paragraph = f'<p><s coords="{boxes}">{"word " * 20_000}</s></p>'
    figure = '<figure coords="1,60,60,200,10"><figDesc>A reef.</figDesc></figure>'
    paper = read_tei(_tei(f"<div>{paragraph}{'<p>Short.</p>' * 5_000}</div>{figure * 5_000}"), PAGES)
    assert len(paper.words.start) == 20_000 + 2 * 5_000
    assert len(paper.blocks) == 1 + 2 * 5_000


def test_pages_that_were_measured_by_another_of_their_boxes_are_not_stretched() -> None:
    tei = REEFS.replace(b'lrx="612.0" lry="792.0"', b'lrx="700.0" lry="800.0"')
    assert _boxes(read_tei(tei, PAGES), "Another one.") == (Box(2, 164, 60, 260, 70),)


@pytest.mark.parametrize(
    "coords",
    [
        "",
        ";;",
        "1",
        "a,b,c,d,e",
        "9,1,1,1,1",
        "-1,1,1,1,1",
        "1,nan,1,inf,1",
        "1,700,1,10,10",
        "1,1,1,0,0",
        "1.5e9,1,1,1,1",
    ],
)
def test_places_that_make_no_sense_are_no_places(coords: str) -> None:
    body = f'<div><p coords="{coords}"><s coords="{coords}">Somewhere.</s></p></div>'
    paper = read_tei(_tei(body), PAGES)
    assert _boxes(paper, "Somewhere.") == ()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html><body>Log in</body></html>",
        b'{"detail": "no"}',
        REEFS[:-200],
        b"\x00\xff",
        b'<?xml version="1.0"?><TEI>without its namespace</TEI>',
        b'<TEI xmlns="http://www.tei-c.org/ns/1.0">' + b"<div>" * 400 + b"</div>" * 400 + b"</TEI>",
    ],
)
def test_what_is_no_tei(answer: bytes) -> None:
    with pytest.raises(NotTei):
        read_tei(answer, PAGES)


def test_what_the_answer_tells_of_its_quality_is_measured(paper: ParsedPaper) -> None:
    assert (paper.quality.interleaved, paper.quality.outside) == (None, None)
    assert paper.quality.verdict is Verdict.GOOD
    text = "good words qvxes \ufffd " * 20
    poor = read_tei(_tei(f"<div><p><s>{text}</s></p></div>"), PAGES).quality
    assert poor.odd_words > 0.2
    assert 0.04 < poor.unreadable < 0.1


def test_an_empty_tei_is_an_empty_paper() -> None:
    paper = read_tei(b'<TEI xmlns="http://www.tei-c.org/ns/1.0"/>', PAGES)
    assert (paper.text, paper.blocks, paper.metadata.title) == ("", (), "")


def test_entities_are_neither_resolved_nor_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    evil = f'<!DOCTYPE TEI [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY a "aaaa">]>'
    tei = _tei("<div><p><s>Before &x; after &a;.</s></p></div>").decode()
    paper = read_tei(tei.replace("<TEI", evil + "<TEI", 1).encode(), PAGES)
    assert "the secret" not in paper.text
    assert "aaaa" not in paper.text
    assert "Before" in paper.text


# --- The parser, before a stand-in -----------------------------------------------------------------

GOOD, SCAN = samples.paper(), samples.scanned()
Parse = Callable[[bytes], ParsedPaper]


@pytest.fixture
def service() -> Iterator[StandIn]:
    with standing_in(grobid_stand_in(GOOD, SCAN)) as service:
        yield service


@pytest.fixture
def parse(service: StandIn, tmp_path: Path) -> Iterator[Parse]:
    with ExitStack() as ends:
        client = ServiceClient(grobid_service(service.url), seconds=30, waits=(0.0,))
        parser = GrobidParser(PdfFrame(workers=1, seconds=60, memory_mb=1024, max_pages=5), client)
        ends.callback(parser.close)

        def parse(content: bytes) -> ParsedPaper:
            path = tmp_path / "paper.pdf"
            path.write_bytes(content)
            return parser.parse(path, "paper.pdf")

        yield parse


def test_nothing_is_looked_up_elsewhere_by_the_service(service: StandIn, parse: Parse) -> None:
    parse(GOOD)
    (asked,) = service.asked
    form = asked.body
    for field in (b"consolidateHeader", b"consolidateCitations", b"consolidateFunders"):
        assert b'name="' + field + b'"\r\n\r\n0\r\n' in form
    for name in (b"title", b"persName", b"head", b"p", b"s", b"figure", b"biblStruct", b"formula", b"note"):
        assert b'name="teiCoordinates"\r\n\r\n' + name + b"\r\n" in form
    assert b'name="segmentSentences"\r\n\r\n1\r\n' in form


def test_what_cannot_be_read_is_never_sent(service: StandIn, parse: Parse) -> None:
    page = (("Heading", ("A page with a line of text that is long enough.",)),)
    cases: list[tuple[type[CarrelError], bytes]] = [
        (EncryptedPdf, samples.paper(password="secret")),
        (TooManyPages, samples.paper(pages=[page] * 6)),
        (DamagedPdf, GOOD[: len(GOOD) // 2]),
    ]
    for error, content in cases:
        with pytest.raises(error):
            parse(content)
    assert service.asked == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(500, b"[NO_BLOCKS] PDF parsing resulted in empty content"), ScanHere),
        (Answer(204), ScanHere),
        (Answer(500, b"[BAD_INPUT_DATA] PDF to XML conversion failed with error code: 1"), DamagedPdf),
        (Answer(500, b"[TIMEOUT] PDF to XML conversion timed out"), ParsingServiceRefused),
        (Answer(500, b""), ParsingServiceRefused),
        (Answer(400, b"[GENERAL] An exception occurred while running Grobid."), ParsingServiceRefused),
        (Answer(200, REEFS[:-300]), ParsingServiceRefused),
        (Answer(200, _tei("")), ScanHere),
        (Answer(200, _tei(f"<div><p><s>{'fkdqjh bxjqs ' * 40}</s></p></div>")), UnreadableHere),
        (Answer(200, b"<html><body>It works!</body></html>"), ParsingServiceUnavailable),
        (Answer(200, b""), ParsingServiceUnavailable),
    ],
)
def test_every_refusal_has_its_reason(
    answer: Answer, error: type[CarrelError], service: StandIn, parse: Parse
) -> None:
    service.script = [answer]
    with pytest.raises(error) as caught:
        parse(GOOD)
    assert caught.value.hint
    assert parse(GOOD).metadata.title == "Sparse Attention for Long Documents"
