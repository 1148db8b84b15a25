"""``carrel show --overlay``: every block and line that was read, drawn on the pages as they are displayed."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from carrel.bootstrap import Services, open_drawer
from carrel.core.errors import FileUnreadable
from carrel.core.page_errors import FileNotWritable, PageMissing
from carrel.core.paper import Block, BlockKind, Box, ParsedPaper
from carrel.core.ranking import PaperRecord
from carrel.storage import papers

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

    from carrel.parsing.page_image import PageImage

    _Font: TypeAlias = ImageFont.ImageFont | ImageFont.FreeTypeFont

COLOURS = {
    BlockKind.FRONT: (128, 0, 160),
    BlockKind.HEADING: (200, 0, 0),
    BlockKind.PARAGRAPH: (0, 90, 200),
    BlockKind.CAPTION: (0, 130, 60),
    BlockKind.TABLE: (190, 110, 0),
    BlockKind.FIGURE: (180, 160, 0),
    BlockKind.FOOTNOTE: (0, 130, 140),
    BlockKind.REFERENCE: (110, 110, 110),
    BlockKind.CODE: (90, 60, 160),
}
_LINE = (0, 0, 0, 60)
_WHITE = (255, 255, 255, 255)
_TINT, _LABEL_TINT = 26, 215  # opacity of 255
_FONT_POINTS, _SMALLEST_FONT = 5.5, 8.0  # points of the page; pixels
_EDGE_POINTS = 1.0


@dataclass(frozen=True, slots=True)
class _Part:
    """What one page, and one column of it, shows of a block: a box around its lines."""

    number: int  # of the block in reading order, from 1
    block: Block
    box: Box
    first: bool  # otherwise the block began in another column or on another page


def draw_overlays(record: PaperRecord, out: Path, page: int | None, opened: Services) -> list[Path]:
    """Draw a page, or all pages, of a paper with its blocks; return the files written.

    One page goes to ``out``, several to ``out`` with ``-1``, ``-2`` … before its ending. The paper's
    stored parse is drawn, or a new one where that is another parser's.

    Raises:
        PageMissing: there is no such page, or there are no pages at all.
        FileNotWritable: a picture could not be written.
        PaperError: the file can no longer be read, or a page is damaged.
    """
    path = _stored_file(record, opened)
    shelves = {shelf.id: shelf for shelf in opened.shelves.readable()}
    parser = opened.parser_of(shelves[record.knowledge_base_id])
    parsed = opened.parses.get(record.id, parser.fingerprint) or parser.parse(path, record.file_name)
    count = len(parsed.pages)
    wanted = range(1, count + 1) if page is None else (page,)
    if not wanted or not 1 <= wanted[0] <= count:
        raise PageMissing(name=record.file_name, page=page or 1, pages=count)
    if out.is_dir():
        raise FileNotWritable(path=out, detail="it is a folder")
    if out.suffix.lower() != ".png":  # a paper named by mistake must not be written over
        raise FileNotWritable(path=out, detail="its name must end in .png")
    parts, lines = list(_parts(parsed)), parsed.words.boxes(0, len(parsed.text))
    written = []
    with closing(open_drawer(opened.settings)) as drawer:
        for number in wanted:
            image = drawer.draw(path, record.file_name, number)
            file = out if len(wanted) == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}")
            _write(_overlaid(image, _on(number, parts), [box for box in lines if box.page == number]), file)
            written.append(file)
    return written


def _write(picture: "Image.Image", file: Path) -> None:
    try:
        picture.save(file, "PNG")
    except OSError as error:
        raise FileNotWritable(path=file, detail=error.strerror or str(error)) from error


def _stored_file(record: PaperRecord, opened: Services) -> Path:
    with opened.catalog.read() as tx:
        sha256 = papers.sha256_of(tx, record.id)
    try:
        return opened.blobs.path(sha256)
    except KeyError as error:
        raise FileUnreadable(name=record.file_name, detail="its stored copy is missing") from error


def _parts(parsed: ParsedPaper) -> Iterator[_Part]:
    """Yield the blocks' parts in reading order: a block is parted where its lines go on further up."""
    for number, block in enumerate(parsed.blocks, 1):
        run: list[Box] = []
        first = True
        for box in parsed.words.boxes(block.start, block.end):
            if run and (box.page != run[-1].page or box.y1 <= run[-1].y0):
                yield _Part(number, block, _around(run), first)
                run, first = [], False
            run.append(box)
        if run:
            yield _Part(number, block, _around(run), first)


def _around(boxes: list[Box]) -> Box:
    return Box(
        boxes[0].page,
        min(box.x0 for box in boxes),
        min(box.y0 for box in boxes),
        max(box.x1 for box in boxes),
        max(box.y1 for box in boxes),
    )


def _on(page: int, parts: Sequence[_Part]) -> list[_Part]:
    return [part for part in parts if part.box.page == page]


def _overlaid(image: "PageImage", parts: Sequence[_Part], lines: Sequence[Box]) -> "Image.Image":
    """Return a page's picture with the parts of its blocks and the boxes of its lines."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.fromarray(image.pixels).convert("RGBA")
    across, down = image.scale
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    font = ImageFont.load_default(max(_SMALLEST_FONT, _FONT_POINTS * down))
    edge = max(1, round(_EDGE_POINTS * down))

    def scaled(box: Box) -> tuple[float, float, float, float]:
        return box.x0 * across, box.y0 * down, box.x1 * across, box.y1 * down

    for part in parts:
        draw.rectangle(scaled(part.box), fill=(*COLOURS[part.block.kind], _TINT))
    for line in lines:
        draw.rectangle(scaled(line), outline=_LINE)
    for part in parts:
        draw.rectangle(scaled(part.box), outline=(*COLOURS[part.block.kind], 255), width=edge)
    for part in parts:  # last, so that no box hides a label
        _label(draw, part, scaled(part.box), font)
    return Image.alpha_composite(picture, layer).convert("RGB")


def _label(
    draw: "ImageDraw.ImageDraw", part: _Part, box: tuple[float, float, float, float], font: "_Font"
) -> None:
    """Write a block's number, kind and level beside the upper left corner of its part."""
    level = f" {part.block.level}" if part.block.level else ""
    text = f"{part.number} {part.block.kind.value}{level}" + ("" if part.first else " …")
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    x, y = max(0.0, box[0] - (right - left) - 4), box[1]
    colour = (*COLOURS[part.block.kind], _LABEL_TINT)
    draw.rectangle((x, y, x + right - left + 4, y + bottom - top + 3), fill=colour)
    draw.text((x + 2 - left, y + 1 - top), text, font=font, fill=_WHITE)
