"""Passages cover the paper, keep to their section and size, and know their place on the page."""

import re
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from carrel.chunking.chunker import Chunk, chunk
from carrel.core.ids import paper_id
from carrel.core.knowledge_base import ChunkSettings
from carrel.core.metadata import Metadata
from carrel.core.paper import Block, BlockKind, PageSize, ParsedPaper, WordBoxes

PAPER = paper_id("a" * 64)


class WordTokens:
    """Every word is a token, every Chinese character too."""

    def token_ends(self, text: str) -> NDArray[np.int64]:
        return np.array(
            [match.end() for match in re.finditer(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+", text)], np.int64
        )


def paper_of(*blocks: tuple[BlockKind, str], title: str = "A Title") -> ParsedPaper:
    """Lay blocks out one a page, every word 10 points wide on a line of its own block."""
    text, ranges, words = "", [], []
    for page, (kind, content) in enumerate(blocks, start=1):
        text += "\n\n" if text else ""
        start = len(text)
        text += content
        ranges.append(Block(kind, start, len(text), 1 if kind is BlockKind.HEADING else 0))
        for place, match in enumerate(re.finditer(r"\S+", content)):
            words.append((start + match.start(), start + match.end(), page, page * 1000 + place // 10, place))
    table = np.array(words, dtype=np.int32).reshape(-1, 5)
    left = (table[:, 4] % 10).astype(np.float32) * 10
    top = (table[:, 4] // 10).astype(np.float32) * 12
    boxes = WordBoxes(
        table[:, 0], table[:, 1], table[:, 2], table[:, 3], np.stack([left, top, left + 9, top + 10], axis=1)
    )
    pages = tuple(PageSize(600, 800) for _ in blocks)
    return ParsedPaper(Metadata(title=title), text, tuple(ranges), boxes, pages)


def cut(paper: ParsedPaper, size: int = 64, overlap: int = 16, reads: int = 64) -> tuple[Chunk, ...]:
    return chunk(PAPER, paper, WordTokens(), ChunkSettings(size, overlap), reads)


words = st.lists(
    st.sampled_from(["sparse", "attention.", "Long", "context,", "is", "Models.", "长文本。"]), max_size=400
)
blocks = st.lists(
    st.tuples(st.sampled_from([BlockKind.HEADING, BlockKind.PARAGRAPH]), words.map(" ".join)),
    min_size=1,
    max_size=6,
).map(lambda found: [(kind, text) for kind, text in found if text])


@settings(max_examples=60)
@given(blocks.filter(bool), st.integers(32, 200), st.integers(0, 16))
def test_passages_cover_every_paragraph_and_never_exceed_what_the_model_reads(
    found: list[tuple[BlockKind, str]], size: int, overlap: int
) -> None:
    paper = paper_of(*found)
    chunks = cut(paper, size, overlap, reads=100)
    covered = np.zeros(len(paper.text), dtype=bool)
    for item in chunks:
        passage = item.passage
        assert paper.text[passage.start : passage.end] == passage.text
        assert passage.text.strip() == passage.text != ""
        assert len(WordTokens().token_ends(item.embedded_text)) <= min(size, 100)
        covered[passage.start : passage.end] = True
    for block in paper.blocks:
        if block.kind is BlockKind.PARAGRAPH:
            gaps = [
                c
                for c, seen in zip(paper.block_text(block), covered[block.start : block.end], strict=True)
                if not seen
            ]
            assert "".join(gaps).strip() == ""
    assert len({item.passage.id for item in chunks}) == len(chunks)
    assert [item.passage.ordinal for item in chunks] == list(range(len(chunks)))


def test_a_passage_stays_in_its_section_and_is_embedded_with_its_context() -> None:
    paper = paper_of(
        (BlockKind.FRONT, "A Title by Someone"),
        (BlockKind.HEADING, "1 Method"),
        (BlockKind.PARAGRAPH, "We attend sparsely."),
        (BlockKind.HEADING, "2 Results"),
        (BlockKind.PARAGRAPH, "It works."),
    )
    method, results = cut(paper)
    assert (method.passage.section, method.passage.text) == ("1 Method", "We attend sparsely.")
    assert method.embedded_text == "A Title\n1 Method\nWe attend sparsely."
    assert (results.passage.section, results.passage.page) == ("2 Results", 5)


def test_neighbours_overlap_by_whole_sentences() -> None:
    sentences = [f"Sentence number {n} has exactly seven words." for n in range(30)]
    chunks = cut(paper_of((BlockKind.PARAGRAPH, " ".join(sentences)), title=""), size=64, overlap=16)
    assert len(chunks) > 3
    for before, after in pairwise(chunks):
        shared = paper_text = before.passage.text[-(before.passage.end - after.passage.start) :]
        assert after.passage.start < before.passage.end, paper_text
        assert after.passage.text.startswith(shared)
        assert shared.startswith("Sentence")
        assert len(shared.split()) <= 16


def test_an_endless_sentence_is_cut_at_white_space() -> None:
    chunks = cut(paper_of((BlockKind.PARAGRAPH, " ".join(f"word{n}" for n in range(500))), title=""))
    assert len(chunks) > 8
    assert all(re.fullmatch(r"(word\d+ ?)+", item.passage.text) for item in chunks)


def test_a_passage_knows_its_boxes_one_a_line() -> None:
    (item,) = cut(paper_of((BlockKind.PARAGRAPH, " ".join(["word"] * 15)), title=""))
    first, second = item.passage.boxes
    assert (first.page, first.x0, first.y0, first.x1, first.y1) == (1, 0.0, 0.0, 99.0, 10.0)
    assert (second.x0, second.x1, second.y0) == (0.0, 49.0, 12.0)


def test_a_title_longer_than_its_share_leaves_room_for_the_passage() -> None:
    paper = paper_of((BlockKind.PARAGRAPH, "Short text."), title=" ".join(["endless"] * 300))
    (item,) = cut(paper)
    assert item.embedded_text.endswith("Short text.")
    assert len(WordTokens().token_ends(item.embedded_text)) <= 64


def test_a_paper_without_text_has_no_passages() -> None:
    assert cut(paper_of((BlockKind.HEADING, "Only a heading"))) == ()


def test_references_and_bare_labels_are_no_passages_unless_wished_for() -> None:
    labels, words = "0.5 1.0 Loss", " ".join(["encoder decoder attention output"] * 4)
    parsed = paper_of(
        (BlockKind.PARAGRAPH, "The text says something."),
        (BlockKind.FIGURE, labels),
        (BlockKind.FIGURE, words),
        (BlockKind.HEADING, "References"),
        (BlockKind.REFERENCE, "[1] A. Author. A paper. 2020."),
        (BlockKind.REFERENCE, "[2] B. Author. Another paper. 2021."),
    )
    texts = [item.passage.text for item in cut(parsed)]
    assert texts == ["The text says something.", words]
    settings = ChunkSettings(64, 0, references=True)
    wished = [item.passage.text for item in chunk(PAPER, parsed, WordTokens(), settings, 64)]
    assert wished[-1].startswith("[1] A. Author. A paper. 2020.")
    assert wished[-1].endswith("Another paper. 2021.")


def test_a_caption_goes_with_its_table_and_both_apart_from_the_text() -> None:
    parsed = paper_of(
        (BlockKind.PARAGRAPH, "The text says something."),
        (BlockKind.PARAGRAPH, "And something else."),
        (BlockKind.CAPTION, "Table 1: What was measured."),
        (BlockKind.TABLE, "Method\tTime\nsparse\t12"),
        (BlockKind.CAPTION, "Figure 1: What was drawn."),
        (BlockKind.FOOTNOTE, "1 A note."),
    )
    texts = [item.passage.text for item in cut(parsed)]
    assert [text.split("\n")[0] for text in texts] == [
        "The text says something.",
        "Table 1: What was measured.",
        "Figure 1: What was drawn.",
        "1 A note.",
    ]
    assert texts[1].endswith("sparse\t12")
