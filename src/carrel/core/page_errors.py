"""Errors of looking at a file's pages; members of the tree in ``core/errors.py``."""

from carrel.core.errors import PaperError, UsageError


class PageMissing(UsageError):
    """A file has no such page. Parameters: name, page, pages."""

    template = "{name} has no page {page}: its number of pages is {pages}."
    hint_template = (
        "Pages count from 1; a file without pages, such as a Markdown file, has no pictures of them."
    )


class FileNotWritable(UsageError):
    """A file to be written cannot be. Parameters: path, detail."""

    template = "{path} cannot be written ({detail})."
    hint_template = "Name a file in a folder that exists and that your user may write to."


class FileNotReadable(UsageError):
    """A file to be read cannot be. Parameters: path, detail."""

    template = "{path} cannot be read ({detail})."
    hint_template = "Check the spelling, and that your user may read the file."


class UnreadableText(PaperError):
    """Fonts without a Unicode map, or with a wrong one. Parameter: percent of the text that is noise."""

    template = (
        "{name} cannot be read as text: its characters have no meaning (fonts without a Unicode map; "
        "{percent} % of it are noise): it needs OCR."
    )
    hint_template = (
        "Install tesseract-ocr (CARREL_OCR must be on) and add the file again, or make a text layer with: "
        "ocrmypdf --force-ocr IN.pdf OUT.pdf."
    )


class UnreadableAfterOcr(UnreadableText):
    """The same after OCR has looked at the pages. Parameter: percent of the text that is noise."""

    template = "{name} cannot be read as text: {percent} % of it are noise, and OCR finds no better text."
    hint_template = (
        "See whether Tesseract has the data for the language it is written in (carrel doctor, "
        "CARREL_OCR_LANGUAGES), or look for another copy of the file."
    )


class UnreadableHere(UnreadableText):
    """The same where another parser would have OCR. Parameter: percent of the text that is noise."""

    hint_template = (
        "This knowledge base's parser reads nothing better; add the file to one with OCR: "
        "carrel kb create NEW --parser pdfium (it needs tesseract-ocr)."
    )
