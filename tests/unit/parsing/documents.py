"""Documents without pages, made for a test."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import docx

from carrel.core.formats import FileFormat
from carrel.core.paper import BlockKind, ParsedPaper
from carrel.parsing.documents import read_document

TITLE = "Sparse Attention for Long Documents"
AUTHORS = ("Ada Lovelace", "Alan M. Turing")
ABSTRACT = "We show that attention over long documents can be sparse, and that it is as good."
THIN = "Reading a long document costs time, so attention is spread thinly."
FAST = "The sparse model reads four times as fast and answers as many questions."

MARKDOWN = f"""---
title: {TITLE}
author: [Ada Lovelace, Alan M. Turing]
---

# {TITLE}

## Abstract

{ABSTRACT}

## 1 Introduction

Reading a long document costs time,
so attention is spread thinly.

## 2 Results

{FAST}
""".encode()

HTML = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{TITLE}</title></head><body>
<h1>{TITLE}</h1><p>Ada Lovelace, Alan M. Turing</p>
<h2>Abstract</h2><p>{ABSTRACT}</p><h2>1 Introduction</h2>
<p>Reading a long document costs time,
so attention is spread thinly.</p><h2>2 Results</h2><p>{FAST}</p></body></html>""".encode()

TEXT = f"""{TITLE}

Ada Lovelace, Alan M. Turing

Abstract

{ABSTRACT}

1 Introduction

Reading a long document costs time,
so attention is spread thinly.

2 Results

{FAST}
""".encode()


def word(
    paragraphs: Sequence[tuple[str, str]] = (
        ("Title", TITLE),
        ("Normal", ", ".join(AUTHORS)),
        ("Heading 1", "Abstract"),
        ("Normal", ABSTRACT),
        ("Heading 1", "1 Introduction"),
        ("Normal", THIN),
        ("Heading 1", "2 Results"),
        ("Normal", FAST),
    ),
    properties: Mapping[str, str] | None = None,
) -> bytes:
    """Return a Word document of these (style, text)."""
    document = docx.Document()
    for name, value in (properties or {}).items():
        setattr(document.core_properties, name, value)
    for style, text in paragraphs:
        document.add_paragraph(text, style=style)
    return saved(document)


def saved(document: "docx.document.Document") -> bytes:
    """Return a Word document as bytes."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """Return a Word document with one part replaced or added."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, part)
    return buffer.getvalue()


def part_of(content: bytes, name: str) -> bytes:
    """Return one part of a Word document."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def read(folder: Path, content: bytes | str, file_format: FileFormat) -> ParsedPaper:
    """Read a document in this process."""
    path = folder / f"document.{file_format}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_document(path, file_format)


def outline(paper: ParsedPaper) -> list[tuple[str, str]]:
    """Return each block's kind (with its level, for a heading) and text."""
    return [
        (f"h{block.level}" if block.kind is BlockKind.HEADING else block.kind.value, paper.block_text(block))
        for block in paper.blocks
    ]
