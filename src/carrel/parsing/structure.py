"""Printed pages → a paper: text in reading order, blocks, word boxes, metadata."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from carrel.core.paper import BlockKind, PageSize, ParsedPaper, WordBoxes
from carrel.parsing.assembly import assemble
from carrel.parsing.columns import gutters_of_pages
from carrel.parsing.front import Front, find_front
from carrel.parsing.furniture import without_furniture
from carrel.parsing.layout import lay_out, with_outside
from carrel.parsing.metadata import read_metadata
from carrel.parsing.paragraphs import Draft, group
from carrel.parsing.printed import NO_WORDS, Line, Printed, PrintedPage, joined
from carrel.parsing.quality import measure_quality
from carrel.parsing.typography import Typography, measure

_SECOND = 2


def read_structure(printed: Printed) -> ParsedPaper:
    """Return the paper that these pages hold."""
    pages = printed.pages
    printed_lines = without_furniture(pages)
    kept = [line for page in printed_lines for line in page]
    typography = measure(kept)
    laid_out = [
        lay_out(lines, parted, typography, page.size.height)
        for lines, parted, page in zip(printed_lines, gutters_of_pages(printed_lines), pages, strict=True)
    ]
    opening = laid_out[0].flow if laid_out else []
    front = find_front(opening, pages[0].size.height if pages else 0.0, typography)
    before = {line.number for line in front.lines}
    body = [line for page in laid_out for line in page.flow if line.number not in before]
    drafts = [*_front_drafts(front, typography), *with_outside(group(body, typography), laid_out)]
    line_pages = np.array([line.page for page in pages for line in page.lines], np.int32)
    text, blocks, words = assemble(drafts, joined([page.words for page in pages]), line_pages)
    first = pages[0] if pages else PrintedPage(PageSize(0, 0), (), NO_WORDS)
    metadata = read_metadata(printed.info, front, first, _running_heads(pages, printed_lines), text, blocks)
    quality = measure_quality(printed, kept, text, blocks, words)
    sizes = tuple(page.displayed for page in pages)
    return ParsedPaper(metadata, text, blocks, _as_displayed(words, pages), sizes, quality)


def _as_displayed(words: WordBoxes, pages: Sequence[PrintedPage]) -> WordBoxes:
    """Return the words' boxes on the pages as displayed: those of pages that were turned, turned back."""
    if not any(page.turned for page in pages):
        return words
    box = words.box.copy()
    for number, page in enumerate(pages, 1):
        here = words.page == number
        x0, y0, x1, y1 = box[here].T
        width, height = page.displayed.width, page.displayed.height
        if page.turned == 1:
            box[here] = np.stack([y0, height - x1, y1, height - x0], axis=1)
        elif page.turned == 2:
            box[here] = np.stack([width - x1, height - y1, width - x0, height - y0], axis=1)
        elif page.turned == 3:
            box[here] = np.stack([width - y1, x0, width - y0, x1], axis=1)
    return replace(words, box=box)


def _running_heads(pages: Sequence[PrintedPage], kept: Sequence[Sequence[Line]]) -> Sequence[Line]:
    """Return what stands above and below the text of page two: the lines that every page repeats."""
    if len(pages) < _SECOND:
        return ()
    own = {line.number for line in kept[1]}
    return [line for line in pages[1].lines if line.number not in own]


def _front_drafts(front: Front, typography: Typography) -> Sequence[Draft]:
    """Return the front matter as blocks, the title as one of them."""
    drafts: list[Draft] = []
    title = {line.number for line in front.title}
    runs: list[list[Line]] = [[]]
    for line in front.lines:
        if (line.number in title and not (runs[-1] and runs[-1][-1].number in title)) or (
            line.number not in title and runs[-1] and runs[-1][-1].number in title
        ):
            runs.append([line])
        else:
            runs[-1].append(line)
    for run in filter(None, runs):
        if run[0].number in title:
            drafts.append(Draft(BlockKind.FRONT, run))
        else:
            drafts += [Draft(BlockKind.FRONT, draft.lines) for draft in group(run, typography)]
    return drafts
