"""Room on the disk, looked at before an index writes."""

import shutil
from pathlib import Path

from carrel.core.errors import StorageFull


def make_sure_of_room(folder: Path, keep_free_bytes: int) -> None:
    """Raise StorageFull where the disk of ``folder`` has less room than ``keep_free_bytes``."""
    free = shutil.disk_usage(folder).free
    if free < keep_free_bytes:
        raise StorageFull(folder=folder, free_mb=free >> 20, needed_mb=keep_free_bytes >> 20)
