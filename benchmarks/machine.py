"""The machine and the day a table was made on: a figure without them says little."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from carrel import __version__


def describe() -> str:
    """Return one line: processor, cores, memory, Python, version, date, load."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    day = datetime.now(UTC).date().isoformat()
    return (
        f"{_processor()}, {cores} cores, {_memory_gib():.0f} GiB, Python {platform.python_version()}, "
        f"Carrel {__version__}, {day}{load}"
    )


def heading(text: str) -> str:
    """Return a Markdown heading."""
    return f"\n### {text}\n"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return 0.0
