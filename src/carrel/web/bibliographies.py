"""Papers as a file for a program that keeps bibliographies."""

from starlette.responses import Response

from carrel.core.citation_format import CitationFormat


def as_file(text: str, wanted: CitationFormat) -> Response:
    """Return a bibliography as a file to be kept."""
    headers = {
        "Content-Disposition": f'attachment; filename="papers.{wanted.ending}"',
        "Cache-Control": "private, no-cache",
    }
    return Response(text.encode("utf-8", "replace"), headers=headers, media_type=wanted.media_type)
