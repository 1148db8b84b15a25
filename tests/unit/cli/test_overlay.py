"""What an overlay draws, and what it refuses to write over."""

from carrel.cli.overlay import COLOURS
from carrel.core.paper import BlockKind


def test_every_kind_of_block_has_a_colour_of_its_own() -> None:
    assert set(COLOURS) == set(BlockKind)
    assert len(set(COLOURS.values())) == len(COLOURS)
