"""Unstructured's elements and its refusals, as its API writes them."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from carrel.core.errors import (
    CarrelError,
    DamagedPdf,
    EncryptedPdf,
    InvalidSetting,
    ParsingServiceRefused,
    ParsingServiceUnavailable,
)
from carrel.core.metadata import Source
from carrel.core.page_errors import UnreadableHere
from carrel.core.paper import Box, PageSize, ParsedPaper
from tests.contract.services import Answer, StandIn, standing_in, unstructured_stand_in
from tests.unit.parsing import samples

pytest.importorskip("httpx2", reason="the extra carrel[unstructured] is not installed")

from carrel.core.scan_errors import ScanHere
from carrel.parsing.pdf_frame import PdfFrame
from carrel.parsing.service_client import ServiceClient
from carrel.parsing.unstructured_elements import NotElements, read_elements
from carrel.parsing.unstructured_parser import UnstructuredParser, unstructured_service

PAGES = (PageSize(600, 800), PageSize(600, 800))
Values = dict[str, Any]


def element(
    kind: str, text: str, page: int = 1, box: tuple[float, ...] | None = None, **more: object
) -> Values:
    metadata: Values = {"filename": "paper.pdf", "filetype": "application/pdf", "page_number": page, **more}
    if box is not None:
        x0, y0, x1, y1 = box
        metadata["coordinates"] = {
            "points": [[x0, y0], [x0, y1], [x1, y1], [x1, y0]],
            "system": "PixelSpace",
            "layout_width": 600,
            "layout_height": 800,
        }
    return {"type": kind, "element_id": "0" * 32, "text": text, "metadata": metadata}


def read(*elements: Values) -> ParsedPaper:
    return read_elements(json.dumps(elements).encode(), PAGES)


def texts(paper: ParsedPaper) -> list[tuple[str, int, str]]:
    return [(block.kind.value, block.level, paper.block_text(block)) for block in paper.blocks]


def boxes(paper: ParsedPaper, text: str) -> tuple[Box, ...]:
    at = paper.text.index(text)
    return paper.words.boxes(at, at + len(text))


def test_elements_become_blocks_and_furniture_goes() -> None:
    paper = read(
        element("Header", "Journal of Reefs, doi: 10.1234/Reef.7 © 2021 The Press"),
        element("Title", "Corals in Fields of Heat"),
        element("Title", "María de la Cruz and Alan M. Turing"),
        element("UncategorizedText", "Reef Institute, Townsville"),
        element("Title", "Abstract"),
        element(
            "NarrativeText", "Corals bleach when the water of the sea is too warm for them for too long."
        ),
        element("Title", "2.1 Heat", category_depth=0),
        element("ListItem", "The first of a list."),
        element("FigureCaption", "Fig. 1. A reef."),
        element("Image", "axis label 0 1 2"),
        element("Table", "Site Weeks North 12", text_as_html="<table></table>"),
        element("Footnote", "1 Measured at noon."),
        element("Title", "Deeper", category_depth=2),
        element("PageNumber", "17"),
        element("Title", "References"),
        element("ListItem", "A. Fish. Warm water. Sea, 1999."),
        element("NewKind", "Nobody knows it."),
    )
    assert texts(paper) == [
        ("front", 0, "Corals in Fields of Heat"),
        ("front", 0, "María de la Cruz and Alan M. Turing"),
        ("paragraph", 0, "Reef Institute, Townsville"),
        ("heading", 1, "Abstract"),
        ("paragraph", 0, "Corals bleach when the water of the sea is too warm for them for too long."),
        ("heading", 2, "2.1 Heat"),
        ("paragraph", 0, "The first of a list."),
        ("caption", 0, "Fig. 1. A reef."),
        ("table", 0, "Site Weeks North 12"),
        ("footnote", 0, "1 Measured at noon."),
        ("heading", 3, "Deeper"),
        ("heading", 1, "References"),
        ("reference", 0, "A. Fish. Warm water. Sea, 1999."),
    ]
    metadata = paper.metadata
    assert metadata.title == "Corals in Fields of Heat"
    assert metadata.authors == ("María de la Cruz", "Alan M. Turing")
    assert metadata.abstract.startswith("Corals bleach")
    assert (metadata.doi, metadata.year, metadata.language) == ("10.1234/reef.7", 2021, "en")
    assert metadata.evidence["title"].source is Source.SERVICE
    assert metadata.evidence["doi"].source is Source.PAGE
    assert "venue" not in metadata.evidence


def test_an_abstract_may_begin_with_the_word_and_the_year_follow_from_arxiv() -> None:
    paper = read(
        element("Title", "Corals in Fields of Heat"),
        element("NarrativeText", "arXiv:2103.01234v2 [q-bio.PE]"),
        element("NarrativeText", "Abstract — We measure how warm and how long."),
    )
    assert paper.metadata.abstract == "We measure how warm and how long."
    assert (paper.metadata.arxiv_id, paper.metadata.year) == ("2103.01234", 2021)
    assert paper.metadata.evidence["year"].source is Source.IDENTIFIER


def test_a_paper_without_a_title_has_none() -> None:
    paper = read(element("NarrativeText", "Only text."), element("Title", "Introduction"))
    assert (paper.metadata.title, paper.metadata.authors) == ("", ())
    assert texts(paper)[-1] == ("heading", 1, "Introduction")


def test_an_elements_box_is_cut_into_lines() -> None:
    line = "word " * 20
    paper = read(element("NarrativeText", (line * 4).strip(), box=(100, 100, 500, 148)))
    found = paper.words.boxes(0, len(paper.text))
    assert found == tuple(Box(1, 100, 100 + 12 * i, 500, 112 + 12 * i) for i in range(4))
    (first,) = boxes(paper, "word")
    assert (first.x0, first.y0, first.y1) == (100, 100, 112)
    assert first.x1 < 125


def test_boxes_of_other_systems_and_sizes_are_turned_into_points() -> None:
    pixels = element("NarrativeText", "In pixels.", box=(200, 200, 400, 220))
    pixels["metadata"]["coordinates"] |= {"layout_width": 1200, "layout_height": 1600}
    upwards = element("NarrativeText", "From below.", page=2, box=(100, 690, 200, 700))
    upwards["metadata"]["coordinates"]["system"] = "PointSpace"
    nowhere = element("NarrativeText", "Beyond the last page.", page=3, box=(100, 690, 200, 700))
    paper = read(pixels, upwards, nowhere, element("NarrativeText", "Unplaced."))
    assert boxes(paper, "In pixels.") == (Box(1, 100, 100, 200, 110),)
    assert boxes(paper, "From below.") == (Box(2, 100, 100, 200, 110),)
    assert boxes(paper, "Beyond the last page.") == ()
    assert boxes(paper, "Unplaced.") == ()


def test_chinese_is_boxed_by_the_character() -> None:
    paper = read(element("NarrativeText", "珊瑚白化\ud800", box=(100, 100, 140, 110)))
    assert paper.text == "珊瑚白化"
    assert boxes(paper, "瑚") == (Box(1, 110, 100, 120, 110),)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"null",
        b"[1]",
        b'[{"type": "Title"}]',
        b'[{"type": 1, "text": "a"}]',
        b'[{"type": "Title", "text": "a", "metadata": []}]',
        b'[{"type": "Title", "text": "a", "metadata": {"page_number": -1}}]',
        b'[{"type": "Title", "text": "a",'
        b' "metadata": {"page_number": 1, "coordinates": {"points": [["x", 1]]}}}]',
        b'[{"type": "Title", "text": "a",'
        b' "metadata": {"page_number": 1, "coordinates": {"points": [[NaN, 1]]}}}]',
        b"[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_list_of_elements(answer: bytes) -> None:
    with pytest.raises(NotElements):
        read_elements(answer, PAGES)


# --- The parser, before a stand-in -----------------------------------------------------------------

GOOD, SCAN = samples.paper(), samples.scanned()
Parse = Callable[[bytes], ParsedPaper]


@pytest.fixture
def service() -> Iterator[StandIn]:
    with standing_in(unstructured_stand_in(GOOD, SCAN)) as service:
        yield service


@pytest.fixture
def parse(service: StandIn, tmp_path: Path) -> Iterator[Parse]:
    with ExitStack() as ends:
        client = ServiceClient(unstructured_service(service.url), seconds=30, waits=(0.0,))
        frame = PdfFrame(workers=1, seconds=60, memory_mb=1024, max_pages=5)
        parser = UnstructuredParser(frame, client, "hi_res")
        ends.callback(parser.close)

        def parse(content: bytes) -> ParsedPaper:
            path = tmp_path / "paper.pdf"
            path.write_bytes(content)
            return parser.parse(path, "paper.pdf")

        yield parse


def test_the_form_names_the_strategy_and_asks_for_places(service: StandIn, parse: Parse) -> None:
    parse(GOOD)
    (asked,) = service.asked
    assert asked.path == "/general/v0/general"
    assert b'name="strategy"\r\n\r\nhi_res\r\n' in asked.body
    assert b'name="coordinates"\r\n\r\ntrue\r\n' in asked.body
    assert b'name="files"; filename="paper.pdf"' in asked.body
    assert "unstructured-api-key" not in {name.lower() for name in asked.headers}


def test_the_strategy_is_checked_and_part_of_the_fingerprint(tmp_path: Path) -> None:
    frame = PdfFrame(workers=1, seconds=60, memory_mb=1024, max_pages=5)
    client = ServiceClient(unstructured_service("http://127.0.0.1:9"), seconds=5)
    names = {UnstructuredParser(frame, client, strategy).fingerprint for strategy in ("fast", "hi_res")}
    assert len(names) == 2
    with pytest.raises(InvalidSetting, match="unstructured_strategy"):
        UnstructuredParser(frame, client, "slow")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(422, b'{"detail":"File is encrypted. Please decrypt it with password."}'), EncryptedPdf),
        (Answer(422, b'{"detail":"File does not appear to be a valid PDF. Error: x"}'), DamagedPdf),
        (Answer(422, b'{"detail":"Something else"}'), ParsingServiceRefused),
        (Answer(500, b'{"detail":"list index out of range"}'), ParsingServiceRefused),
        (Answer(400, b'{"detail":"Invalid strategy"}'), ParsingServiceRefused),
        (Answer(200, b"[]"), ScanHere),
        (Answer(200, b'[{"type": 1}]'), ParsingServiceRefused),
        (Answer(200, b"<html>It works!</html>"), ParsingServiceUnavailable),
        (Answer(401, b'{"detail":"API key  is invalid"}'), ParsingServiceUnavailable),
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


@pytest.mark.parametrize("strategy", ["fast", "hi_res"])
def test_noise_is_refused_whatever_the_strategy(strategy: str, service: StandIn, tmp_path: Path) -> None:
    service.script = [
        Answer(200, json.dumps([element("NarrativeText", "fkdqjh bxjqs \ufffd " * 40)]).encode())
    ]
    path = tmp_path / "paper.pdf"
    path.write_bytes(GOOD)
    client = ServiceClient(unstructured_service(service.url), seconds=30, waits=(0.0,))
    frame = PdfFrame(workers=1, seconds=60, memory_mb=1024, max_pages=5)
    with (
        closing(UnstructuredParser(frame, client, strategy)) as parser,
        pytest.raises(UnreadableHere, match="noise"),
    ):
        parser.parse(path, "paper.pdf")
