"""Asking a child process for one file: what can go wrong becomes the error that says so."""

from collections.abc import Iterator

# The modules are imported for their errors, which are then subclasses that are known.
from carrel.core import file_errors, page_errors, scan_errors  # noqa: F401
from carrel.core.errors import (
    PaperError,
    ParseMemoryExceeded,
    ParserCrashed,
    ParserUnavailable,
    ParseTimeout,
)
from carrel.core.json_values import as_object
from carrel.parsing.frames import Answer, Kind, Request, text_fields
from carrel.parsing.pool import (
    ChildDied,
    ChildNotStarted,
    ChildOutOfMemory,
    ChildPool,
    ChildTimeout,
    log_fault,
)


def _all_kinds(of: type[PaperError]) -> Iterator[type[PaperError]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _all_kinds(kind)


_PAPER_ERRORS = {kind.__name__: kind for kind in _all_kinds(PaperError)}


class Children:
    """Child processes with limits, shared by all who read files in them. Safe from several threads.

    Args:
        workers: how many files may be read at once.
        seconds: how long one file may take.
        memory_mb: how much memory one file may take, in megabytes.
    """

    def __init__(self, workers: int, seconds: float, memory_mb: int) -> None:
        self._seconds = seconds
        self._memory_mb = memory_mb
        self._pool = ChildPool(max(1, workers), seconds, memory_mb)

    def ask(self, request: Request, name: str, wanted: Kind) -> bytes:
        """Return the payload of the answer, which is of the kind ``wanted``; ``name`` is what errors say.

        Raises:
            PaperError: the file cannot be read; the reason is in its kind.
            ParserUnavailable: no process could be started to read it in; the file is not to blame.
        """
        try:
            answer = self._pool.ask(request)
        except ChildTimeout as error:
            raise ParseTimeout(name=name, seconds=f"{self._seconds:g}") from error
        except ChildNotStarted as error:
            raise ParserUnavailable(detail=error) from error
        except ChildOutOfMemory as error:
            raise ParseMemoryExceeded(name=name, megabytes=self._memory_mb) from error
        except ChildDied as error:
            raise ParserCrashed(name=name, detail=str(error)) from error
        if answer.kind is wanted:
            return answer.payload
        if answer.kind is Kind.MEMORY:
            raise ParseMemoryExceeded(name=name, megabytes=self._memory_mb)
        raise _told_error(answer, name)

    def close(self) -> None:
        """End the child processes."""
        self._pool.close()


def _told_error(answer: Answer, name: str) -> PaperError:
    """Rebuild the error that the child reported; only a ``PaperError`` may come from there.

    The child has read a hostile file: whatever it says, the parser goes on.
    """
    try:
        if answer.kind is Kind.FAULT:
            return ParserCrashed(name=name, detail=log_fault(answer))
        fields = text_fields(answer.payload)
        kind = _PAPER_ERRORS[str(fields.get("error"))]
        parameters = as_object(fields.get("parameters"))
        return kind(**{str(key): str(value) for key, value in parameters.items()} | {"name": name})
    except (ValueError, KeyError, TypeError, RecursionError):
        return ParserCrashed(name=name, detail="it answered nonsense")
