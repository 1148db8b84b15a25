"""A paper's outline: its headings, from the stored parse."""

from pydantic import BaseModel, Field

from carrel.bootstrap import Services
from carrel.core.paper import BlockKind, ParsedPaper
from carrel.library.holdings import Found


class Heading(BaseModel):
    """A heading."""

    text: str
    level: int = Field(description="1 for a section, 2 for a subsection, and so on.")
    page: int | None = Field(description="Null in a file without pages.")


def outline_of(services: Services, found: Found) -> list[Heading]:
    """Return the headings of a paper; none where it has not been read, or its parse is gone."""
    parsed = services.parsed(found.knowledge_base, found.paper.record.id)
    return [] if parsed is None else _headings(parsed)


def _headings(parsed: ParsedPaper) -> list[Heading]:
    headings = []
    for block in parsed.blocks:
        if block.kind is BlockKind.HEADING and (text := parsed.heading(block)):
            pages = parsed.words.pages(block.start, block.end)
            headings.append(Heading(text=text, level=max(1, block.level), page=pages[0] if pages else None))
    return headings
