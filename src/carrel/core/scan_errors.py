"""Errors of pages: pictures that cannot be read, no text, too much text; members of ``core/errors.py``."""

from carrel.core.errors import NoTextLayer, PaperError


class OcrFailed(PaperError):
    """Pages that are images, and a Tesseract that gave no answer. Parameters: pages, detail."""

    template = "{name} needs OCR ({pages} pages), and Tesseract failed ({detail})."
    hint_template = (
        "Try again with more CARREL_OCR_PAGE_SECONDS or CARREL_PARSE_MEMORY_MB; "
        "carrel doctor says whether Tesseract works."
    )


class ScanHere(NoTextLayer):
    """Pages that are images, in a knowledge base whose parser cannot read them. Parameter: pages."""

    hint_template = (
        "Add it to a knowledge base whose parser reads scans: carrel kb create NEW --parser pdfium (it needs "
        "tesseract-ocr)."
    )


class NoText(PaperError):
    """Nothing to read: no text, and no image that shows any. Parameters: pages, detail."""

    template = "{name} holds no text on its {pages} pages ({detail})."
    hint_template = "Open it to see what it shows; only text can be searched."


class ParseOutputExceeded(PaperError):
    """More text than a paper can have. Parameter: detail."""

    template = "{name} holds more text than a paper can have ({detail})."
    hint_template = "Split the file; a small one is damaged or was made to do harm."
