"""The owner of the index in a server: what it outlives."""

import threading
from dataclasses import replace
from pathlib import Path

from carrel.cli.serving import at_work
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Index
from tests.integration.worlds import world_of_fakes

PATIENCE = 60.0


def test_the_owner_outlives_a_fault_of_an_index_at_the_start(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        world.add("Glaciers")
        world.services.own_index("a test", 0)

        def faulty(knowledge_base: KnowledgeBase) -> Index:
            raise OSError(5, "the disk is at fault")

        services = replace(world.services, index_of=faulty)
        lives = threading.Event()
        with at_work(services, 0, "http://127.0.0.1:1", "token", duties=[lives.set]):
            assert lives.wait(PATIENCE)
