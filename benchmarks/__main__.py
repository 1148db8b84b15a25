"""``make bench``: the tables of every day, one after the other. Needs the papers in ``../shared/data``."""

import runpy
import sys

from benchmarks.known_items import DATA

if not (DATA / "manifest.jsonl").is_file():
    sys.exit(f"The real papers are not on this machine ({DATA}): nothing to measure.")
for name in ("speed", "known_items", "versions", "parsing", "dimensions", "retrieval"):
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
