"""All indexes of one engine: ``<folder>/<knowledge base id>/<generation>/``, one owner at a time."""

import re
import shutil
import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from carrel.core.errors import ServiceError, UsageError
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Index
from carrel.core.space import Space
from carrel.indexing.marker import check_marker, is_complete
from carrel.indexing.ownership import Ownership

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")  # what may name a folder
_DISCARDED = ".discarded-"  # no id begins with a dot


class OpenIndex(Index, Protocol):
    """An index that is held open until it is closed."""

    def close(self) -> None:
        """Flush to the disk and let go of the folder. Any later call but this one fails."""
        ...


I = TypeVar("I", bound=OpenIndex)  # noqa: E741 - an index


class OwnedIndexes(ABC, Generic[I]):
    """Indexes port over folders, each opened when first asked for and kept open. Thread-safe.

    ``open`` and ``drop`` without ``acquire`` are mistakes of the program and raise RuntimeError:
    only the command knows what it wants the index for and how long its user will wait.
    """

    def __init__(self, folder: Path, owned_folder: Path | None = None) -> None:
        """Take the folder of this engine's indexes; it is made when needed.

        ``owned_folder`` is where the lock lies, where engines share one: a data folder has one owner.
        """
        self._folder = folder
        self._ownership = Ownership(owned_folder or folder)
        self._open: dict[tuple[str, int], I] = {}
        self._changing = threading.RLock()

    def acquire(self, purpose: str, wait_seconds: float) -> None:
        """Become the owner, waiting at most so long; no effect where this process already is.

        Not counted: one ``release`` gives up what several calls acquired.

        Raises:
            IndexBusy: another process is; the error says which.
        """
        if self._ownership.acquire(purpose, wait_seconds):
            with self._changing:
                self._sweep()

    def release(self) -> None:
        """Flush, close every index and give ownership up. Indexes handed out before are dead."""
        with self._changing:
            try:
                while self._open:
                    _, index = self._open.popitem()
                    index.close()
            finally:
                self._ownership.release()

    def open(self, knowledge_base: KnowledgeBase, space: Space) -> I:
        """Return the index of the knowledge base's current generation, creating an empty one.

        Raises:
            SpaceMismatch: it was built in another space.
        """
        name = (knowledge_base.id, knowledge_base.generation)
        with self._changing:
            self._require_ownership()
            folder = self._path(*name)
            if name in self._open:
                check_marker(folder, space, knowledge_base.name)
                return self._open[name]
            index = self._opened(folder, knowledge_base, space)
            self._open[name] = index
            return index

    @abstractmethod
    def _opened(self, folder: Path, knowledge_base: KnowledgeBase, space: Space) -> I:
        """Return the index in a folder, creating an empty one where there is none or half of one."""

    def _forget(self, knowledge_base_id: str, generation: int) -> None:
        """Delete what an index has outside its folder, before that goes."""

    def drop(self, knowledge_base_id: str, generation: int) -> None:
        """Delete an index, if it is there, from the disk and wherever else it is.

        It is renamed first: a crash leaves a folder that is no index and that the next owner sweeps.
        """
        with self._changing:
            self._require_ownership()
            folder = self._path(knowledge_base_id, generation)
            if (index := self._open.pop((knowledge_base_id, generation), None)) is not None:
                index.close()
            self._forget(knowledge_base_id, generation)  # a folder that is gone may have left something
            if folder.exists():
                self._discard(folder)

    def stored(self) -> tuple[tuple[str, int], ...]:
        """Return (knowledge base id, generation) of every complete index on the disk, in order."""
        return tuple(sorted(name for name, folder in self._folders() if is_complete(folder)))

    def _folders(self) -> Iterator[tuple[tuple[str, int], Path]]:
        if not self._folder.is_dir():
            return
        for base in self._folder.iterdir():
            if _ID.fullmatch(base.name) and base.is_dir():
                for folder in base.iterdir():
                    if folder.name.isdecimal() and folder.name.isascii():
                        yield (base.name, int(folder.name)), folder

    def _path(self, knowledge_base_id: str, generation: int) -> Path:
        if not _ID.fullmatch(knowledge_base_id) or generation < 0:
            raise ValueError(f"no name for an index: {knowledge_base_id!r}, {generation}")
        return self._folder / knowledge_base_id / str(generation)

    def _require_ownership(self) -> None:
        if not self._ownership.held:
            raise RuntimeError("acquire() the indexes before opening or dropping one")

    def _discard(self, folder: Path) -> None:
        doomed = self._folder / f"{_DISCARDED}{uuid.uuid4().hex}"
        folder.rename(doomed)
        shutil.rmtree(doomed)
        with suppress(OSError):  # other generations of the same knowledge base
            folder.parent.rmdir()

    def _sweep(self) -> None:
        """Delete what a killed owner left: half-made and half-deleted indexes."""
        for leftover in self._folder.glob(_DISCARDED + "*"):
            shutil.rmtree(leftover)
        for name, folder in list(self._folders()):
            if not is_complete(folder):
                # Where its server is away the next owner sweeps, or whoever opens it makes it anew.
                with suppress(ServiceError, UsageError):
                    self._forget(*name)
                    self._discard(folder)
