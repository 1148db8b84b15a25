"""Opening the services for one command, and closing them whatever happens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from carrel.bootstrap import Services, open_services
from carrel.cli.output import note
from carrel.config import Settings, load_settings
from carrel.core.ports import Embedder


@contextmanager
def services(
    settings: Settings | None = None, load_embedder: Callable[[str], Embedder] | None = None
) -> Iterator[Services]:
    """Open the services on the user's data folder; close them when the block ends."""
    opened = open_services(settings or load_settings(), note, load_embedder)
    try:
        yield opened
    finally:
        opened.close()


def settings_with_workers(workers: int) -> Settings:
    """Return the settings, with so many parsing processes where ``workers`` is not 0."""
    settings = load_settings()
    return replace(settings, parse_workers=workers) if workers else settings
