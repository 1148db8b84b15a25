"""Questions to models: a few at a time of each, and nobody waits behind a model that says nothing."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from carrel.core.engine_errors import ModelSilent
from carrel.core.errors import ServiceError

AT_ONCE = 4
PATIENCE_SECONDS = 10.0  # a question is answered in a small part of it, by a model that answers


class ModelTurns:
    """A model's server that hangs keeps those who ask it, and nobody else. Safe to use from several threads.

    Args:
        at_once: how many questions a model has before it.
        patience_seconds: after so long without an answer a model counts as silent: those who wait for it
            give up, and one at a time tries it again.
    """

    def __init__(self, at_once: int = AT_ONCE, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._at_once = at_once
        self._patience = patience_seconds
        self._changed = threading.Condition()
        self._begun: dict[str, list[float]] = {}  # questions under way, by model, the oldest first
        self._silent: set[str] = set()

    @contextmanager
    def one(self, model: str) -> Iterator[None]:
        """Ask the model while the block runs. Raises ModelSilent."""
        with self._changed:
            began = self._entered(model)
        silent = model in self._silent
        try:
            yield
            silent = False
        except ServiceError:
            silent = silent or time.monotonic() - began >= self._patience
            raise
        finally:
            with self._changed:
                self._begun[model].remove(began)
                (self._silent.add if silent else self._silent.discard)(model)
                self._changed.notify_all()

    def _entered(self, model: str) -> float:
        """Wait for a turn; return when it began."""
        under_way = self._begun.setdefault(model, [])
        while under_way:
            left = under_way[0] + self._patience - time.monotonic()
            if left <= 0 or model in self._silent:
                raise ModelSilent(model=model)
            if len(under_way) < self._at_once:
                break
            self._changed.wait(left)
        under_way.append(time.monotonic())
        return under_way[-1]
