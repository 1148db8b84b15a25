"""A first look at a PDF before it is sent to a parsing service: can it be opened, how large are its pages."""

from pathlib import Path

from carrel.core.paper import PageSize
from carrel.parsing.pdfium_parser import PdfiumParser


class PdfFrame(PdfiumParser):
    """Opens a PDF in the limited child processes and reads nothing but its pages' sizes.

    So an empty, cut off or encrypted file, one that is no PDF and one with too many pages get the
    same reasons from every parser, and are never sent anywhere.
    """

    reader = "frame"

    def sizes(self, path: Path, name: str) -> tuple[PageSize, ...]:
        """Return the size of each page as displayed. Raises like ``parse``."""
        return self.parse(path, name).pages
