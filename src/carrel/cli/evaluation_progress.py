"""How far a measurement is, on standard error: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from carrel.cli.output import note, printable
from carrel.core.language import tr
from carrel.evaluation.configuration import Configuration
from carrel.evaluation.taking_in import Taken

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_SECONDS = 15.0  # between two lines


class Counting:
    """Tells the person who waits which of how many papers and queries are done."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._doing = ""
        self._said = 0.0

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def taking(self, name: str, taken: Taken) -> None:
        """Tell of papers that are taken in."""
        doing = tr("Taking in {name}").format(name=name)
        self._tell(doing, taken.papers, taken.total, tr("{count} texts embedded").format(count=taken.texts))

    def told(self, configuration: Configuration, done: int, total: int) -> None:
        """Tell of queries that are answered."""
        self._tell(tr("Asking: {label}").format(label=configuration.label), done, total)

    def _tell(self, doing: str, done: int, total: int, more: str = "") -> None:
        is_new, self._doing = doing != self._doing, doing
        if self._bar is not None:
            if is_new or self._task is None:
                if self._task is not None:
                    self._bar.remove_task(self._task)
                self._task = self._bar.add_task(printable(doing)[:60].replace("[", "\\["), total=total)
            self._bar.update(self._task, completed=done)
        elif is_new or done == total or time.monotonic() - self._said > _SECONDS:
            self._said = time.monotonic()
            note(f"{doing}: {done}/{total}" + (f", {more}" if more and done < total else ""))
