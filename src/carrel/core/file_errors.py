"""Errors of files in formats other than PDF, and of passwords; members of the tree in ``core/errors.py``."""

from carrel.core.errors import PaperError


class UnsupportedFormat(PaperError):
    """A file in a format that is not read."""

    template = "{name} is in no format that Carrel reads."
    hint_template = (
        "It reads PDF, Word (.docx), HTML, Markdown and plain text: save the file as one of these, "
        "without a password."
    )


class CodeElsewhere(UnsupportedFormat):
    """A program for a knowledge base that is not of code."""

    template = "{name} is a program, and the knowledge base is not of code."
    hint_template = "Make one of code (carrel kb create NAME --domain code), and add it there."


class NotText(PaperError):
    """Something else under a text's name, or text in an encoding that cannot be told. Parameter: detail."""

    template = "{name} is not text that can be read ({detail})."
    hint_template = "If it is text, save it in UTF-8; if not, give it the ending of what it is."


class DamagedDocument(PaperError):
    """A document that cannot be opened. Parameter: detail."""

    template = "{name} is damaged, or is not what its name says ({detail})."
    hint_template = "Open it in the program it comes from and save it again, or fetch it again."


class FileTooLarge(PaperError):
    """A document without pages that holds too much. Parameters: megabytes, limit."""

    template = "{name} holds {megabytes} MB when it is unpacked, more than the limit of {limit} MB."
    hint_template = "Split it, or save it without what is embedded in it."


class NoTextInside(PaperError):
    """A document without pages and without words."""

    template = "{name} holds no text."
    hint_template = (
        "If it shows pictures of text, save it as a PDF: pictured pages can be made readable there."
    )


class GarbledText(PaperError):
    """Text that no language writes. Parameter: percent of its words or characters that are noise."""

    template = "{name} is text that says nothing: {percent} % of it looks garbled."
    hint_template = (
        "It may be encrypted, encoded or badly converted: open it, and save it again as readable text."
    )


class WrongPassword(PaperError):
    """A PDF that another password opens."""

    template = "The password given does not open {name}."
    hint_template = "Check its spelling, capitals included, and add the file again with --password."
