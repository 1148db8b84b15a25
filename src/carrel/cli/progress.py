"""Progress on standard error: a bar on a terminal, quiet lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from carrel.cli.output import note, printable
from carrel.cli.versions import SHORT_ID
from carrel.core import counts
from carrel.core.ids import JobId
from carrel.core.jobs import JobState
from carrel.core.language import tr
from carrel.core.quality import Verdict
from carrel.ingest.pipeline import Progress
from carrel.ingest.worker import Finished


class Reporter(Protocol):
    """Tells the person who waits how far the work is."""

    def tell(self, event: Progress | Finished) -> None:
        """Take in one event of the worker."""
        ...

    def say(self, text: str) -> None:
        """Print a line."""
        ...


@contextmanager
def reporter(files: int) -> Iterator[Reporter]:
    """Yield a reporter for so many files that suits standard error."""
    if sys.stderr.isatty() and files:
        with _bar(files) as bar:
            yield bar
    else:
        yield Lines(files)


class Lines:
    """One line a file, with its reason where it failed."""

    def __init__(self, files: int) -> None:
        self._files = files
        self._finished = 0
        self._pages = 0
        self._began = time.monotonic()

    def tell(self, event: Progress | Finished) -> None:
        """Print a line when a file has ended."""
        if not isinstance(event, Finished):
            return
        self._finished += 1
        self._pages += event.pages
        count = f"[{self._finished}/{max(self._files, self._finished)}]"
        if event.job.state is JobState.DONE:
            speed = self._pages / max(time.monotonic() - self._began, 1e-9)
            facts = counts.passages(event.passages)
            if event.pages:
                rate = tr("{speed:.1f} pages/s").format(speed=speed)
                facts = counts.listed(counts.pages(event.pages), facts, rate)
            note(f"{count} {event.job.file_name}: {facts}")
            if poor := _said_of_poor(event):
                note(poor)
        elif event.job.state is JobState.FAILED:
            note(f"{count} {event.job.error_message}")

    def say(self, text: str) -> None:
        """Print a line."""
        note(text)


@contextmanager
def _bar(files: int) -> Iterator[Reporter]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pages]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(tr("Reading"), total=float(files), pages="")
        began = time.monotonic()

        class OnTerminal:
            pages = 0
            finished = 0

            def __init__(self) -> None:
                self.under_way: dict[JobId, float] = {}  # share embedded, of each paper in hand

            def tell(self, event: Progress | Finished) -> None:
                if isinstance(event, Finished):
                    self.finished += 1
                    self.pages += event.pages
                    self.under_way.pop(event.job.id, None)
                    said = event.job.error_message if event.job.state is JobState.FAILED else ""
                    if said := said or _said_of_poor(event):
                        self.say(said)
                else:
                    # A long paper moves the bar while its passages are embedded.
                    self.under_way[event.job.id] = event.done / event.total if event.total else 0.0
                bar.update(task, completed=self.finished + sum(self.under_way.values()))
                speed = self.pages / max(time.monotonic() - began, 1e-9)
                text = tr("{pages} pages, {speed:.1f} pages/s").format(pages=self.pages, speed=speed)
                name = printable(event.job.file_name)[:40]
                bar.update(task, pages=text, description=name.replace("[", "\\["))

            def say(self, text: str) -> None:
                bar.console.print(printable(text), markup=False, highlight=False)

        yield OnTerminal()


def _said_of_poor(event: Finished) -> str:
    """Return that a paper was read poorly, if it was."""
    if event.job.state is not JobState.DONE or event.verdict is not Verdict.POOR:
        return ""
    return tr("{name} was read poorly: much of its text may be wrong. See: carrel show {paper}").format(
        name=event.job.file_name, paper=event.job.paper_id[:SHORT_ID]
    )
