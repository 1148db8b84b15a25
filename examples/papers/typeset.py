"""Typeset the sample papers: every ``sources/*.typ`` paper becomes a PDF beside this file.

    python examples/papers/typeset.py

Needs the ``typst`` package from PyPI, which brings the compiler and the Latin
fonts, and the Noto Serif CJK fonts for the one Chinese paper. Nothing read from
the clock or from other installed fonts enters a PDF, so the same typst and Noto
versions write the same bytes each time.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "sources"
TIMESTAMP = datetime(2026, 1, 15, tzinfo=UTC)

TYPST_VERSION = "0.15.2"
CJK_FAMILY = "Noto Serif CJK SC"
CJK_FOLDERS = (
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/noto-cjk",
    "/usr/share/fonts/google-noto-serif-cjk-fonts",
    "~/.local/share/fonts",
    "~/Library/Fonts",
    "/Library/Fonts",
)

NO_TYPST = f"""\
The Python package "typst" is missing. Install it with:
    pip install typst=={TYPST_VERSION}"""

NO_CJK = f"""\
The font "{CJK_FAMILY}" is missing; the Chinese paper needs it. Install it with:
    apt-get install fonts-noto-cjk        (Debian, Ubuntu)
    pacman -S noto-fonts-cjk              (Arch)
    brew install --cask font-noto-serif-cjk
or pass the folder that holds it: --font-path FOLDER"""

try:
    import typst
except ImportError:
    sys.exit(NO_TYPST)


def cjk_fonts(folders: list[Path]) -> typst.Fonts:
    """The fonts of the first folder holding the Chinese face, plus typst's own."""
    for folder in folders:
        if folder.is_dir():
            fonts = typst.Fonts(include_system_fonts=False, font_paths=[folder])
            if CJK_FAMILY in fonts.families():
                return fonts
    sys.exit(NO_CJK)


def typeset(source: Path, fonts: typst.Fonts) -> bytes:
    """Compile one paper to PDF; a warning, such as a missing font, is an error."""
    compiler = typst.Compiler(root=SOURCES, font_paths=fonts, ignore_system_fonts=True)
    pdf, warnings = compiler.compile_with_warnings(input=source, format="pdf", timestamp=TIMESTAMP)
    if warnings:
        sys.exit("\n".join(f"{source.name}: {w.message}" for w in warnings))
    return bytes(pdf)


def main() -> None:
    """Typeset every paper beside this script."""
    parser = argparse.ArgumentParser(description="Typeset Carrel's sample papers.")
    parser.add_argument(
        "--font-path",
        type=Path,
        metavar="FOLDER",
        help=f"where {CJK_FAMILY} is (default: the usual folders)",
    )
    chosen = parser.parse_args().font_path
    usual = [Path(folder).expanduser() for folder in CJK_FOLDERS]
    fonts = cjk_fonts([chosen] if chosen else usual)

    if typst.__version__ != TYPST_VERSION:
        print(
            f"Note: this is typst {typst.__version__}; the PDFs in the repository were "
            f"made with {TYPST_VERSION} and may differ in small ways.",
            file=sys.stderr,
        )
    for source in sorted(SOURCES.glob("*.typ")):
        if source.stem == "template":
            continue
        target = HERE / f"{source.stem}.pdf"
        target.write_bytes(typeset(source, fonts))
        print(f"{target.name:44} {target.stat().st_size / 1024:6.0f} KiB")


if __name__ == "__main__":
    main()
