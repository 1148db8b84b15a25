"""The journeys over Chroma, and what happens when the engine is changed."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.core.errors import IndexIncomplete, InvalidSetting
from carrel.core.index_errors import IndexServerUnavailable
from carrel.core.ranking import Mode
from carrel.indexing.engines import indexes_of
from carrel.library.mending import check_complete, in_step, mend_indexes
from tests.chroma_server import started
from tests.integration.worlds import World, settings_in, world_with_real_index

pytest.importorskip("chromadb", reason="needs the extra carrel[chroma]")


ROOT = Path(__file__).resolve().parents[2]
ThisWorld = Callable[..., AbstractContextManager[World]]


def mend(world: World) -> int:
    world.services.own_index("a test", 0)
    return mend_indexes(world.services.catalog, world.services.index_of)


def identities(world: World) -> list[str]:
    return sorted(hit.paper.id for hit in world.search("one two three").hits)


@pytest.fixture(params=["in process", "server"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("chroma_server")) if request.param == "server" else ""


def test_papers_are_added_found_removed_rebuilt_and_deleted(tmp_path: Path, url: str) -> None:
    with world_with_real_index(tmp_path, index_engine="chroma", chroma_url=url) as world:
        world.add("One", "Two", "Three")
        for mode in Mode:
            assert world.titles("one two three", mode=mode) == ["One", "Three", "Two"]
        assert world.titles("two", mode=Mode.LEXICAL) == ["Two"]
        (two,) = [hit.paper.id for hit in world.search("two").hits if hit.paper.file_name == "Two.pdf"]
        world.services.shelves.remove(two, [world.shelf()])
        assert world.titles("one two three") == ["One", "Three"]
        assert world.reindex().serving.generation == 2
        assert world.titles("one two three") == ["One", "Three"]
        world.services.own_index("a test", 0)
        shelf = world.shelf()
        assert world.services.indexes.stored() == ((shelf.id, 1), (shelf.id, 2))
        world.services.rebuilds().discard_kept(shelf)
        world.services.own_index("a test", 0)
        assert world.services.indexes.stored() == ((shelf.id, 2),)
        world.check(library=[hit.paper.id for hit in world.search("one two three").hits])
        world.services.shelves.delete("library")
        world.services.own_index("a test", 0)
        assert world.services.indexes.stored() == ()
    assert not any((tmp_path / "home" / "index" / "chroma.d").iterdir())


def test_what_was_added_is_found_by_the_next_command(tmp_path: Path, url: str) -> None:
    with world_with_real_index(tmp_path, index_engine="chroma", chroma_url=url) as world:
        world.add("One", "Two")
    with world_with_real_index(tmp_path, index_engine="chroma", chroma_url=url) as world:
        assert in_step(world.shelf(), world.index())
        assert world.titles("one two") == ["One", "Two"]


@pytest.mark.parametrize(("before", "after"), [("qdrant", "chroma"), ("chroma", "qdrant")])
def test_another_engine_is_filled_from_the_vector_cache(tmp_path: Path, before: str, after: str) -> None:
    with world_with_real_index(tmp_path, index_engine=before) as world:
        world.add("One", "Two", "Three")
        found = identities(world)
        kept = world.shelf()
    index = tmp_path / "home" / "index"
    folders = {"qdrant": index / kept.id, "chroma": index / "chroma.d" / kept.id}
    with world_with_real_index(tmp_path, index_engine=after) as world:

        def no_model(text: str) -> None:
            raise AssertionError(f"the model was asked for {text!r}")

        world.embedder.before = no_model
        with pytest.raises(IndexIncomplete, match="carrel add"):
            check_complete(kept, world.index(), world.services.catalog)
        assert (folders[before] / "1").is_dir()  # a look changes nothing
        assert mend(world) == 3
        assert len(world.work()) == 3
        assert world.parser.parsed == []
        assert identities(world) == found
        assert not (folders[before] / "1").exists()
    with world_with_real_index(tmp_path, index_engine=before) as world, pytest.raises(IndexIncomplete):
        check_complete(kept, world.index(), world.services.catalog)


def test_a_deleted_knowledge_base_goes_from_the_engine_before_too(tmp_path: Path) -> None:
    with world_with_real_index(tmp_path, index_engine="qdrant") as world:
        world.add("One")
        shard = tmp_path / "home" / "index" / world.shelf().id / "1"
        assert shard.is_dir()
    with world_with_real_index(tmp_path, index_engine="chroma") as world:
        world.services.shelves.delete("library")
        world.services.own_index("a test", 0)
        assert not shard.exists()


def test_a_server_that_lost_its_data_is_filled_again(tmp_path: Path, chroma_server: str) -> None:
    import chromadb

    with world_with_real_index(tmp_path, index_engine="chroma", chroma_url=chroma_server) as world:
        world.add("One", "Two")
        base = world.shelf().id
    chromadb.HttpClient(chroma_server).delete_collection(f"carrel-{base}-1-passages")
    with world_with_real_index(tmp_path, index_engine="chroma", chroma_url=chroma_server) as world:
        with pytest.raises(IndexIncomplete):
            check_complete(world.shelf(), world.index(), world.services.catalog)
        assert mend(world) == 2
        world.work()
        assert in_step(world.shelf(), world.index())
        assert world.titles("one two") == ["One", "Two"]


def test_collections_whose_folder_is_gone_or_half_made_go_from_the_server(
    tmp_path: Path, chroma_server: str
) -> None:
    import chromadb

    def collections() -> int:
        return sum(base in each.name for each in chromadb.HttpClient(chroma_server).list_collections())

    folder = tmp_path / "home" / "index" / "chroma.d"
    with world_with_real_index(tmp_path, index_engine="chroma", chroma_url=chroma_server) as world:
        world.add("One")
        base = world.shelf().id
    assert collections() == 2
    (folder / base / "1" / "index.json").unlink()  # as a crash leaves one that is being made
    away = "http://127.0.0.1:9"
    with world_with_real_index(tmp_path, index_engine="chroma", chroma_url=away) as world:
        world.services.own_index("a test", 0)  # another time
    with world_with_real_index(tmp_path, index_engine="chroma", chroma_url=chroma_server) as world:
        world.services.own_index("a test", 0)
        assert collections() == 0
        assert not (folder / base).exists()
        mend(world)
        world.work()
        assert collections() == 2
    shutil.rmtree(folder / base)
    with world_with_real_index(tmp_path, index_engine="chroma", chroma_url=chroma_server) as world:
        world.services.shelves.delete("library")
        world.services.own_index("a test", 0)
        assert collections() == 0


def test_a_server_that_is_away_is_named_and_can_be_tried_again(tmp_path: Path) -> None:
    away = "http://127.0.0.1:9"
    with world_with_real_index(tmp_path) as world:
        world.add("One")
    with (
        world_with_real_index(tmp_path, index_engine="chroma", chroma_url=away) as world,
        pytest.raises(IndexServerUnavailable, match=away) as raised,
    ):
        world.index()
    assert raised.value.retryable
    assert raised.value.exit_code == 3


def test_a_server_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    (folder := tmp_path / "server").mkdir()
    process, url = started(folder)
    with world_with_real_index(tmp_path, index_engine="chroma", chroma_url=url) as world:
        world.add("One")
        process.kill()
        process.wait()
        world.accept("Two")
        with pytest.raises(IndexServerUnavailable, match="cannot be reached"):
            world.work()
        with pytest.raises(IndexServerUnavailable):
            world.search("one")
        process, _ = started(folder, int(url.rpartition(":")[2]))
        assert [event.job.file_name for event in world.work()] == ["Two.pdf"]
        assert world.titles("one two") == ["One", "Two"]
        assert in_step(world.shelf(), world.index())
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    ("engine", "url", "token"),
    [
        ("faiss", "", ""),
        ("chroma", "127.0.0.1:8000", ""),
        ("chroma", "ftp://127.0.0.1", ""),
        ("chroma", "http://", ""),
        ("chroma", "http://127.0.0.1:port", ""),
        ("chroma", "http://me:secret@127.0.0.1:8000", ""),
        ("chroma", "http://127.0.0.1:8000", "secret\r\nX-Other: 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, engine: str, url: str, token: str) -> None:
    with pytest.raises(InvalidSetting) as raised:
        indexes_of(tmp_path, engine, url, token)
    assert "secret" not in str(raised.value)


def test_chroma_is_not_imported_before_an_index_is_opened(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from carrel.bootstrap import open_services
        from carrel.config import Settings
        opened = open_services(Settings(Path(sys.argv[1]), Path(sys.argv[1]), index_engine="chroma"), print)
        opened.own_index("a test", 0)
        opened.close()
        assert "chromadb" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(tmp_path)], check=True, cwd=ROOT)


_ADD_UNTIL_KILLED = """
import itertools, sys
from pathlib import Path
from tests.integration.worlds import world_with_real_index
with world_with_real_index(Path(sys.argv[1]), index_engine="chroma") as world:
    for n in itertools.count(2):
        world.add(f"Paper {n}")
        print(n, flush=True)
"""


def test_killed_while_adding_everything_is_in_step_after_mending(tmp_path: Path) -> None:
    with world_with_real_index(tmp_path, index_engine="chroma") as world:
        world.add("Paper 1")
    for round_ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", _ADD_UNTIL_KILLED, str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        )
        assert child.stdout is not None
        for _ in range(3 + round_):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        with world_with_real_index(tmp_path, index_engine="chroma") as world:
            mend(world)
            world.work()
            shelf = world.shelf()
            assert shelf.papers >= 4
            assert in_step(shelf, world.index())
            assert len(world.search("paper", limit=100).hits) == shelf.papers


def test_a_paper_that_is_only_half_in_is_taken_out_when_the_index_is_opened(tmp_path: Path) -> None:
    from carrel.indexing.lexical import LexicalSide

    with world_with_real_index(tmp_path, index_engine="chroma") as world:
        world.add("One", "Two")
        (paper,) = [hit.paper.id for hit in world.search("two").hits if hit.paper.file_name == "Two.pdf"]
        folder = tmp_path / "home" / "index" / "chroma.d" / world.shelf().id / "1"
    words = LexicalSide(folder / "lexical.db")
    assert words.doubt([paper]) == [paper]
    assert words.counts()[0] == 1
    words.close()
    with world_with_real_index(tmp_path, index_engine="chroma") as world:
        assert paper not in world.index().paper_ids()
        assert mend(world) == 1  # that one only
        world.work()
        assert in_step(world.shelf(), world.index())


def test_the_default_settings_choose_the_embedded_engine(tmp_path: Path) -> None:
    assert settings_in(tmp_path) == replace(settings_in(tmp_path), index_engine="qdrant", chroma_url="")
