"""A download's progress on standard error: a bar on a terminal, a line for every tenth elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from carrel.cli.output import note
from carrel.core.language import tr

_LINES = 10


@contextmanager
def download_progress() -> Iterator[Callable[[int, int], None]]:
    """Yield what is to be called with the bytes that are here and the bytes wanted."""
    if sys.stderr.isatty():
        with _bar() as tell:
            yield tell
    else:
        yield _lines()


def _lines() -> Callable[[int, int], None]:
    said = 0

    def tell(here: int, wanted: int) -> None:
        nonlocal said
        tenth = _LINES * here // max(wanted, 1)
        if tenth > said:
            said = tenth
            megabytes = f"{here / 1e6:.1f}", f"{wanted / 1e6:.1f}"
            note(tr("{here} of {wanted} MB").format(here=megabytes[0], wanted=megabytes[1]))

    return tell


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as SpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), SpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(tr("Downloading"), total=None)
        yield lambda here, wanted: bar.update(task, completed=here, total=wanted)
