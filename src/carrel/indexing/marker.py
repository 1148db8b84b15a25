"""The file that says what an index folder holds. Written last: a folder without it is half made."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from carrel.core.errors import SpaceMismatch
from carrel.core.space import Space
from carrel.indexing.analysis import ANALYSER_VERSION

MARKER_FILE = "index.json"
_LAYOUT_VERSION = 1  # of vectors and payload in the shard


@dataclass(frozen=True, slots=True)
class Marker:
    """What an index was built with. ``space_id`` decides; model and dimensions are for people."""

    space_id: str
    model: str
    dimensions: int
    analyser: int = ANALYSER_VERSION
    layout: int = _LAYOUT_VERSION

    def __str__(self) -> str:
        return f"{self.model}, {self.dimensions} dimensions, {self.space_id[:8]}, analyser {self.analyser}"


def marker_of(space: Space) -> Marker:
    """Return the marker of an index built now in this space."""
    return Marker(space.id, space.encoder.model, space.dimensions)


def is_complete(folder: Path) -> bool:
    """Whether an index was made whole in this folder."""
    return (folder / MARKER_FILE).is_file()


def write_marker(folder: Path, space: Space) -> None:
    """Declare the index in ``folder`` complete; on the disk when this returns."""
    draft = folder / (MARKER_FILE + ".new")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(asdict(marker_of(space)), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / MARKER_FILE)


def check_marker(folder: Path, space: Space, index_name: str) -> None:
    """Make sure the index in ``folder`` was built in this space, by an analyser like ours.

    Raises:
        SpaceMismatch: it was not, or its marker cannot be read.
    """
    expected = marker_of(space)
    try:
        found = Marker(**json.loads((folder / MARKER_FILE).read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise SpaceMismatch(index=index_name, expected=expected, found="unreadable marker") from error
    if (found.space_id, found.analyser, found.layout) != (
        expected.space_id,
        expected.analyser,
        expected.layout,
    ):
        raise SpaceMismatch(index=index_name, expected=expected, found=found)
