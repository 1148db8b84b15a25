"""The Tesseract program: whether it is on this machine, its languages, and the words it sees in an image.

It is a program of its own rather than a library, so that a fault of it ends no parser. It is spoken to
through pipes only: the process that starts it may not write files.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from typing import NamedTuple

_PROGRAM = "tesseract"
_OUR_SETTINGS = "CARREL_"
_NO_LANGUAGES = ("osd", "equ")  # data for orientation and formulas
# Of many languages found, those that more papers are written in come first.
_FIRST = ("eng", "chi_sim", "deu", "fra", "spa", "jpn", "rus", "por", "ita", "chi_tra", "kor")
_VERTICAL = "_vert"  # columns of text, taken for lines, read as nonsense
_MOST_LANGUAGES = 3  # of those found; each makes a page slower, and the letters of one like another's
_LIST_SECONDS = 20.0
_WORD_LEVEL = "5"
_COLUMNS = 12
_LONGEST_WORD = 500  # characters; Tesseract's own lines are shorter
_DETAIL = 200  # characters of what the program says when it fails


class Tesseract(NamedTuple):
    """The program as it is to be used."""

    command: str
    languages: tuple[str, ...]  # by Tesseract's names, the most important first; never empty
    page_seconds: float  # that one page may take


class SeenWord(NamedTuple):
    """A word seen in an image, with its box in pixels, origin top left."""

    line: tuple[int, int, int]  # block, paragraph, line
    x0: float
    y0: float
    x1: float
    y1: float
    confidence: float  # 0 to 100
    text: str


class TesseractFailed(Exception):
    """The program gave no answer. The message says why."""


def public_environment() -> dict[str, str]:
    """Return the environment for processes that read hostile files: without our settings.

    Among these are keys, passwords and addresses; what such a process needs to know, it is told.
    """
    # Windows takes names in any case.
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(_OUR_SETTINGS)}


def find_tesseract(languages: str = "", page_seconds: float = 60.0) -> Tesseract | None:
    """Return the program with the languages wished for, or None where either is missing.

    ``languages`` joins Tesseract's names with ``+``; empty means those found.
    """
    command = find_program()
    if command is None:
        return None
    chosen = choose_languages(languages, installed_languages(command))
    return Tesseract(command, chosen, page_seconds) if chosen else None


def find_program() -> str | None:
    """Return the path of the program, or None."""
    return shutil.which(_PROGRAM)


def installed_languages(command: str) -> tuple[str, ...]:
    """Return the languages the program has data for; none where it does not start."""
    try:
        done = subprocess.run(  # noqa: S603 - the program found on the path
            [command, "--list-langs"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIST_SECONDS,
            env=public_environment(),
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    names = done.stdout.decode("utf-8", "replace").splitlines()
    return tuple(
        name for name in names if re.fullmatch(r"[a-z]{3}(_\w+)*", name) and name not in _NO_LANGUAGES
    )


def choose_languages(wished: str, installed: Sequence[str]) -> tuple[str, ...]:
    """Return the languages to read in: those wished for that are installed, or the first few found."""
    if wished:
        names = dict.fromkeys(wished.split("+"))
        return tuple(name for name in names if name in installed)
    found = [name for name in installed if not name.endswith(_VERTICAL)]
    first = [name for name in _FIRST if name in found]
    return tuple([*first, *sorted(set(found) - set(first))][:_MOST_LANGUAGES])


def read_image(tesseract: Tesseract, image: bytes, dots_per_inch: int) -> list[SeenWord]:
    """Return the words in an image (PNM bytes), in the order in which Tesseract reads them.

    Raises:
        TesseractFailed: it took too long, crashed, or answered something else.
    """
    command = [tesseract.command, "stdin", "stdout", "-l", "+".join(tesseract.languages)]
    command += ["--psm", "3", "--dpi", str(dots_per_inch), "tsv"]
    try:
        done = subprocess.run(  # noqa: S603 - the program that the parser found
            command,
            input=image,
            capture_output=True,
            timeout=tesseract.page_seconds,
            # One thread: more of them only wait for each other on an image of this size.
            env={**public_environment(), "OMP_THREAD_LIMIT": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TesseractFailed(f"a page took longer than {tesseract.page_seconds:g} seconds") from error
    except OSError as error:
        raise TesseractFailed(error.strerror or type(error).__name__) from error
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[-_DETAIL:]
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
        raise TesseractFailed(f"{how}: {said}" if said else how)
    return _words(done.stdout.decode("utf-8", "replace"))


def _words(table: str) -> list[SeenWord]:
    """Read Tesseract's table: level, page, block, paragraph, line, word, left, top, width, height, …"""
    words: list[SeenWord] = []
    for row in table.split("\n"):
        cells = row.split("\t")
        if len(cells) != _COLUMNS or cells[0] != _WORD_LEVEL:
            continue
        text = cells[11].strip()
        if not text or len(text) > _LONGEST_WORD:
            continue
        try:
            block, paragraph, line = map(int, cells[2:5])
            x, y, width, height = map(int, cells[6:10])
            confidence = float(cells[10])
        except ValueError as error:
            raise TesseractFailed("its table has another form") from error
        words.append(SeenWord((block, paragraph, line), x, y, x + width, y + height, confidence, text))
    return words
