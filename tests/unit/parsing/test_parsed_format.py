import json
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrel.core.metadata import Metadata
from carrel.core.paper import Block, BlockKind, PageSize, ParsedPaper, WordBoxes
from carrel.core.parsed_format import decode, encode

_text = st.text(max_size=60)
_coordinate = st.floats(0, 1000, width=32)


@st.composite
def papers(draw: st.DrawFn) -> ParsedPaper:
    text = draw(st.text(max_size=200))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    kinds = draw(st.lists(st.sampled_from(BlockKind), min_size=len(cuts), max_size=len(cuts)))
    blocks = tuple(
        Block(kind, start, end, int(kind is BlockKind.HEADING))
        for kind, start, end in zip(kinds, cuts, cuts[1:], strict=False)
    )
    pages = tuple(PageSize(*each) for each in draw(st.lists(st.tuples(_coordinate, _coordinate), max_size=4)))
    count = draw(st.integers(0, 20)) if pages else 0
    starts = np.sort(
        np.array(draw(st.lists(st.integers(0, len(text)), min_size=count, max_size=count)), np.int32)
    )
    corners = np.array(
        draw(st.lists(st.tuples(*[_coordinate] * 4), min_size=count, max_size=count)), np.float32
    )
    corners = corners.reshape(-1, 4)
    page = np.array(
        draw(st.lists(st.integers(1, max(1, len(pages))), min_size=count, max_size=count)), np.int32
    )
    words = WordBoxes(
        start=starts,
        end=np.minimum(starts + 3, len(text)).astype(np.int32),
        page=page,
        line=np.array(draw(st.lists(st.integers(0, 9), min_size=count, max_size=count)), np.int32),
        box=np.hstack(
            [np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])]
        ),
    )
    metadata = Metadata(
        title=draw(_text),
        authors=tuple(draw(st.lists(_text, max_size=3))),
        abstract=draw(_text),
        year=draw(st.none() | st.integers(1000, 3000)),
        venue=draw(_text),
        doi=draw(_text),
        arxiv_id=draw(_text),
        language=draw(_text),
    )
    return ParsedPaper(metadata, text, blocks, words, pages)


@given(papers())
def test_what_is_written_can_be_read(paper: ParsedPaper) -> None:
    again = decode(encode(paper))
    assert (again.metadata, again.text, again.blocks, again.pages) == (
        paper.metadata,
        paper.text,
        paper.blocks,
        paper.pages,
    )
    for column in ("start", "end", "page", "line", "box"):
        written, read = getattr(paper.words, column), getattr(again.words, column)
        assert np.array_equal(written, read)
        assert written.dtype == read.dtype


def test_lone_surrogates_survive() -> None:
    paper = decode(encode(_paper("half a pair \ud835 and another \udc00")))
    assert paper.text == "half a pair \ud835 and another \udc00"


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(data)


@given(papers(), st.data())
@settings(max_examples=100)
def test_damage_is_refused_or_harmless(paper: ParsedPaper, data: st.DataObject) -> None:
    """A flipped byte inside the packed part is either refused or yields a consistent paper."""
    packed = encode(paper)
    body = bytearray(zlib.decompress(packed[5:]))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    _refused_or_consistent(packed[:5] + zlib.compress(bytes(body), 1))


@given(papers(), st.data())
def test_cut_off_is_refused(paper: ParsedPaper, data: st.DataObject) -> None:
    packed = encode(paper)
    with pytest.raises(ValueError, match="parsed paper"):
        decode(packed[: data.draw(st.integers(0, len(packed) - 1))])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("words", 7),
        ("words", -1),
        ("words", 10**12),
        ("words", True),
        ("blocks", [["paragraph", 0, 99, 0]]),
        ("blocks", [["paragraph", 3, 2, 0]]),
        ("blocks", [["paragraph", 2, 4, 0], ["paragraph", 1, 5, 0]]),
        ("blocks", [["sonnet", 0, 1, 0]]),
        ("blocks", [["paragraph", 0, 1]]),
        ("blocks", {"paragraph": 1}),
        ("pages", [[1, "wide"]]),
        ("pages", [[1e99, 1]]),
        ("pages", []),
        ("text", None),
        ("metadata", None),
        ("metadata", {}),
    ],
)
def test_an_inconsistent_header_is_refused(field: str, value: object) -> None:
    packed = encode(_paper("some words"))
    body = zlib.decompress(packed[5:])
    length = int.from_bytes(body[:4], "little")
    header = json.loads(body[4 : 4 + length])
    header[field] = value
    changed = json.dumps(header).encode()
    forged = len(changed).to_bytes(4, "little") + changed + body[4 + length :]
    with pytest.raises(ValueError, match=r"."):
        decode(packed[:5] + zlib.compress(forged))


def test_deep_nesting_is_refused() -> None:
    header = b"[" * 100_000
    with pytest.raises(ValueError, match="parsed paper"):
        decode(b"CRLP\x01" + zlib.compress(len(header).to_bytes(4, "little") + header))


def test_another_version_is_refused() -> None:
    packed = bytearray(encode(_paper("text")))
    packed[4] += 1
    with pytest.raises(ValueError, match="another version"):
        decode(bytes(packed))


def _paper(text: str) -> ParsedPaper:
    words = WordBoxes(
        start=np.array([0], np.int32),
        end=np.array([4], np.int32),
        page=np.array([1], np.int32),
        line=np.array([0], np.int32),
        box=np.array([[1, 2, 3, 4]], np.float32),
    )
    return ParsedPaper(
        Metadata(title=text), text, (Block(BlockKind.PARAGRAPH, 0, len(text)),), words, (PageSize(612, 792),)
    )


def _refused_or_consistent(data: bytes) -> None:
    try:
        paper = decode(data)
    except ValueError:
        return
    assert all(0 <= block.start <= block.end <= len(paper.text) for block in paper.blocks)
    assert np.all(paper.words.start <= paper.words.end)
    assert np.all(paper.words.end <= len(paper.text))
    assert np.all((paper.words.page >= 1) & (paper.words.page <= len(paper.pages)))
    assert np.all(paper.words.box[:, :2] <= paper.words.box[:, 2:])
