"""Things made once, when first asked for, even by several threads."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class Loaded(Generic[K, T]):
    """Makes a thing for each key, keeps it, and never makes two for one."""

    def __init__(self, make: Callable[[K], T]) -> None:
        self._make = make
        self._made: dict[K, T] = {}
        self._lock = Lock()

    def get(self, key: K) -> T:
        """Return the key's thing; what its making raises is raised, and it is made anew the next time."""
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(key)
            return self._made[key]
