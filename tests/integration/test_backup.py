"""Backup and restore: everything comes back, as of one moment, and nothing else is believed."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carrel.core.accounts import Role
from carrel.core.backup_errors import BackupDamaged, BackupTooNew, FolderNotEmpty, NotABackup
from carrel.core.errors import IndexIncomplete, StorageFull
from carrel.core.ids import PaperId
from carrel.core.rebuild import Change
from carrel.library.archive import ArchiveReader, ArchiveWriter
from carrel.library.backup import Stores, back_up
from carrel.library.importing import add_missing
from carrel.library.mending import check_complete, mend_indexes
from carrel.library.opened_backup import OpenedBackup
from carrel.library.restore import Restored, restore
from carrel.storage import dump, holds, knowledge_bases, members
from carrel.storage.clock import now
from carrel.storage.database import Catalog, Transaction
from carrel.storage.sealing import FILE_NAME as SECRET_FILE
from carrel.storage.sealing import Sealer
from tests.catalogs import empty_catalog
from tests.integration.worlds import WIDE_MODEL, WORLDS, WORLDS_OF_STORES, World

TEXT = "Attention is compared with recurrence on long documents, once and for all."


def quietly(kind: str, count: int) -> None:
    """Nobody watches."""


@pytest.fixture(params=WORLDS_OF_STORES)
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[World, World]]:
    """A data folder, and an empty one."""
    make = WORLDS[request.param]
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    with make(tmp_path / "one") as one, make(tmp_path / "other") as other:
        yield one, other


def stores(world: World) -> Stores:
    return world.services.stores()


def backup_of(world: World, with_vectors: bool = True) -> bytes:
    stream = io.BytesIO()
    done = back_up(stores(world), stream, with_vectors, quietly)
    assert done.missing == ()
    assert done.bytes == len(stream.getvalue())
    return stream.getvalue()


def opened(content: bytes) -> OpenedBackup:
    return OpenedBackup(io.BytesIO(content), "a.backup")


def restored(world: World, content: bytes, in_place: bool = False) -> Restored:
    world.services.indexes.acquire("a test", 0)
    done = restore(opened(content), stores(world), in_place, quietly)
    world.services.own_index("a test", 0)
    return done


def rows(catalog: Catalog) -> dict[str, list[tuple[object, ...]]]:
    with catalog.read() as tx:
        return {table.name: table_rows(tx, table) for table in dump.TABLES}


def table_rows(tx: Transaction, table: dump.Table) -> list[tuple[object, ...]]:
    return sorted(tuple(row) for row in tx.rows(f"SELECT {', '.join(table.columns)} FROM {table.name}"))


def mend_and_work(world: World) -> list[str]:
    """Bring the index into step; return the texts for which the model was asked."""
    asked: list[str] = []
    world.embedder.before = asked.append
    world.services.own_index("a test", 0)
    mend_indexes(world.services.catalog, world.services.index_of)
    world.work()
    return asked


def fill(world: World) -> list[PaperId]:
    papers = [world.accept(title, TEXT).paper_id for title in ("First", "Second", "Third")]
    world.accept("Third", TEXT, kb="other")
    world.work()
    with world.services.catalog.write() as tx:
        tx.run("INSERT INTO users VALUES ('u1', 'Ann', 'ann', 'hash', 1, 0, 0, :now, '')", now=now())
        members.set_role(tx, world.shelf("other").id, "u1", Role.EDITOR)
        tx.run("INSERT INTO audit VALUES (1000, :now, 'u1', 'Ann', 'kb.create', 'x', '{}', '')", now=now())
        tx.run("INSERT INTO sessions VALUES ('t', 'u1', 'c', :now, :now, :now, '', '')", now=now())
    home = world.services.settings.home
    (home / SECRET_FILE).write_bytes(b"a key")
    (home / "carrel.toml").write_text('rerank = false\ncatalog_url = "postgresql://there"\n')
    return papers


def test_everything_comes_back_and_no_model_is_asked(two: tuple[World, World]) -> None:
    one, other = two
    papers = fill(one)
    content = backup_of(one)
    before = rows(one.services.catalog)
    done = restored(other, content)
    assert (done.counts.knowledge_bases, done.counts.papers, done.missing) == (2, 3, ())
    assert rows(other.services.catalog) == before
    home = other.services.settings.home
    assert (home / SECRET_FILE).read_bytes() == b"a key"
    assert (home / SECRET_FILE).stat().st_mode & 0o077 == 0
    assert (home / "carrel.toml").read_text() == 'rerank = false\n# catalog_url = "postgresql://there"\n'
    with other.services.catalog.read() as tx:
        assert dump.is_empty(tx) is False
        assert tx.row("SELECT 1 FROM sessions") is None
    with pytest.raises(IndexIncomplete):
        check_complete(other.shelf(), other.index(), other.services.catalog)
    parsed = list(other.parser.parsed)
    assert mend_and_work(other) == []
    assert other.parser.parsed == parsed  # what had been read was not read again
    other.check(library=papers, other=papers[2:])
    assert other.titles("attention", "library") == one.titles("attention", "library") != []
    assert list(home.rglob("*.part")) == []


def test_without_vectors_they_are_made_again(two: tuple[World, World]) -> None:
    one, other = two
    papers = fill(one)
    assert restored(other, backup_of(one, with_vectors=False)).vectors == 0
    assert mend_and_work(other) != []
    other.check(library=papers, other=papers[2:])


def test_what_is_there_is_replaced_only_when_that_is_asked_for(two: tuple[World, World]) -> None:
    one, other = two
    papers = fill(one)
    content = backup_of(one)
    mine = other.accept("Mine", "A text of this folder alone, about something else.").paper_id
    other.work()
    with pytest.raises(FolderNotEmpty):
        restored(other, content)
    other.check(library=[mine])
    restored(other, content, in_place=True)
    assert mend_and_work(other) == []
    other.check(library=papers, other=papers[2:])
    cached = {key for _, key in other.services.vectors.names(("", ""), 10_000)}
    assert cached == {key for _, key in one.services.vectors.names(("", ""), 10_000)}


def test_a_folder_goes_back_to_its_own_backup(two: tuple[World, World]) -> None:
    one, _ = two
    papers = fill(one)
    content = backup_of(one)
    one.add("Later")
    one.services.shelves.remove(papers[0], one.services.shelves.readable())
    restored(one, content, in_place=True)
    assert mend_and_work(one) == []
    one.check(library=papers, other=papers[2:])


def test_the_backup_is_of_one_moment_whatever_is_done_meanwhile(two: tuple[World, World]) -> None:
    one, other = two
    papers = fill(one)
    happened: list[str] = []

    def interfere(kind: str, count: int) -> None:
        if kind == "catalog" and not happened:
            happened.append("deleted")
            one.services.shelves.delete("library")
            one.services.shelves.delete("other")
            one.services.own_index("a test", 0)  # whoever cleans leaves the files until the backup is done
            one.add("Later")

    stream = io.BytesIO()
    assert back_up(stores(one), stream, True, interfere).missing == ()
    assert happened
    restored(other, stream.getvalue())
    mend_and_work(other)
    other.check(library=papers, other=papers[2:])
    with one.services.catalog.read() as tx:
        assert not holds.held(tx)
    one.services.own_index("a test", 0)
    assert len(list(one.services.blobs.list())) == 1


def test_a_lost_file_is_named_and_everything_else_is_there(two: tuple[World, World]) -> None:
    one, other = two
    papers = fill(one)
    lost = next(sha256 for sha256 in one.services.blobs.list() if sha256.startswith(papers[1]))
    one.services.blobs.delete(lost)
    stream = io.BytesIO()
    assert back_up(stores(one), stream, True, quietly).missing == (lost,)
    assert restored(other, stream.getvalue()).missing == (lost,)
    mend_and_work(other)  # its parse and its vectors are enough for the index
    assert other.index().paper_ids() == set(papers)


def test_interrupted_anywhere_nothing_has_changed_and_it_can_be_done_again(two: tuple[World, World]) -> None:
    one, other = two
    papers = fill(one)
    content = backup_of(one)
    mine = other.accept("Mine", "A text of this folder alone.").paper_id
    other.work()

    class Killed(BaseException):
        pass

    def killed_at(kind: str) -> Callable[[str, int], None]:
        def say(said: str, count: int) -> None:
            if said == kind:
                raise Killed

        return say

    for kind in ("vectors", "parses", "papers", "catalog"):
        other.services.indexes.acquire("a test", 0)
        with pytest.raises(Killed):
            restore(opened(content), stores(other), True, killed_at(kind))
        assert other.titles("text", "library") == ["Mine"]
    other.services.own_index("a test", 0)
    assert [sha256[:32] for sha256 in other.services.blobs.list()] == [mine]
    restored(other, content, in_place=True)
    mend_and_work(other)
    other.check(library=papers, other=papers[2:])


class NoRoomToCommit(Catalog):
    """A catalog that has no room left when a transaction ends after which the key is another one."""

    def __init__(self, catalog: Catalog, key: Path) -> None:
        self._catalog, self._key, self._before = catalog, key, key.read_bytes()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        with self._catalog.write() as tx:
            yield tx
            if self._key.read_bytes() != self._before:
                raise StorageFull(folder="/x", free_mb=0, needed_mb=1)

    def read(self) -> AbstractContextManager[Transaction]:
        return self._catalog.read()

    def close(self) -> None:
        self._catalog.close()


def test_both_count_what_can_be_found_and_not_what_is_kept_of_an_index_before(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    with WORLDS["real index"](tmp_path / "one") as one, WORLDS["real index"](tmp_path / "other") as other:
        one.add("First", "Second")
        one.reindex(Change(embedder=WIDE_MODEL))
        stream = io.BytesIO()
        counts = back_up(stores(one), stream, True, quietly).counts
        assert counts == restored(other, stream.getvalue()).counts
        assert counts.passages == one.shelf().passages > 0


def test_a_restore_that_cannot_be_committed_leaves_the_key(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    with WORLDS["real index"](tmp_path / "one") as one, WORLDS["real index"](tmp_path / "other") as other:
        Sealer(stores(one).home).seal("x", "x")
        content = backup_of(one)
        home = stores(other).home
        sealed = Sealer(home).seal("sk-secret", "x")
        catalog = NoRoomToCommit(stores(other).catalog, home / SECRET_FILE)
        other.services.indexes.acquire("a test", 0)
        with pytest.raises(StorageFull):
            restore(opened(content), replace(stores(other), catalog=catalog), True, quietly)
        assert Sealer(home).opened(sealed, "x") == "sk-secret"


def test_what_is_missing_is_added_while_others_work(two: tuple[World, World]) -> None:
    one, other = two
    papers = fill(one)
    content = backup_of(one)
    mine = other.accept("Mine", "A text of this folder alone.").paper_id
    other.work()
    done = add_missing(opened(content), stores(other), quietly)
    renamed = f"library ({one.shelf().id[:8]})"
    assert (sorted(done.added), done.left, done.papers) == (sorted([renamed, "other"]), (), 4)
    assert mend_and_work(other) == []
    other.check(**{"library": [mine], renamed: papers, "other": papers[2:]})
    with other.services.catalog.read() as tx:
        assert tx.row("SELECT 1 FROM users") is None
    again = add_missing(opened(content), stores(other), quietly)
    assert (again.added, sorted(again.left), again.papers) == ((), ["library", "other"], 0)


def test_an_interrupted_addition_goes_on(two: tuple[World, World]) -> None:
    one, other = two
    papers = fill(one)
    content = backup_of(one)

    def stop(kind: str, count: int) -> None:
        if count == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add_missing(opened(content), stores(other), stop)
    assert add_missing(opened(content), stores(other), quietly).left == ()
    assert mend_and_work(other) == []
    other.check(library=papers, other=papers[2:])


# --- what is no backup, or no longer one


@pytest.fixture(scope="module")
def a_backup(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    with WORLDS["fakes"](tmp_path_factory.mktemp("backup")) as world:
        fill(world)
        return backup_of(world)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[World]:
    with WORLDS["fakes"](tmp_path) as world:
        yield world


def members_of(content: bytes) -> dict[str, bytes]:
    return {member.name: member.read() for member in ArchiveReader(io.BytesIO(content), "x").members()}


def written(contents: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    writer = ArchiveWriter(stream)
    for name, content in contents.items():
        writer.add(name, content)
    writer.finish(missing=[])
    return stream.getvalue()


def refused(world: World, content: bytes, error: type[Exception]) -> None:
    """Check that it is refused for this reason, and that nothing is left of it."""
    for act in (
        lambda: restored(world, content, in_place=True),
        lambda: add_missing(opened(content), stores(world), quietly),
    ):
        with pytest.raises(error):
            act()
    with world.services.catalog.read() as tx:
        assert dump.is_empty(tx)
    world.services.own_index("a test", 0)
    assert list(world.services.blobs.list()) == []
    assert list(world.services.parses.list()) == []
    assert world.services.vectors.names(("", ""), 10) == []


def test_anybody_can_look_into_it_with_tar(a_backup: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(a_backup)) as tar:
        names = tar.getnames()
        assert names[0] == "manifest.json"
        assert names[-1] == "trailer.json"
        manifest = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
    assert (manifest["format"], manifest["knowledge_bases"], manifest["papers"]) == (1, 2, 3)
    assert sum(name.startswith("blobs/") for name in names) == 3


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cut_off_anywhere_it_is_refused(a_backup: bytes, empty: World, data: st.DataObject) -> None:
    # The last two blocks are the end of a tar and say nothing.
    cut = data.draw(st.integers(0, len(a_backup) - 1025))
    with pytest.raises((BackupDamaged, NotABackup)):
        opened(a_backup[:cut]).check()


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_with_any_byte_changed_it_is_refused(a_backup: bytes, empty: World, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(a_backup) - 1025))
    content = bytearray(a_backup)
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        opened(bytes(content)).check()
    except (BackupDamaged, NotABackup, BackupTooNew):
        return
    # Padding of the last header alone is looked at by nobody: what is read is the same.
    assert members_of(bytes(content)) == members_of(a_backup)


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "/etc/passwd",
        "blobs/../../outside",
        "blobs/" + "0" * 63 + "/",
        "parses/" + "a" * 32 + "./../../x.parse",
        "settings/authorized_keys",
        "catalog/papers/../000001.jsonl.gz",
        "vectors/1.bin",
        "blobs/" + "A" * 64,
    ],
)
def test_names_that_no_backup_has_are_refused(empty: World, a_backup: bytes, name: str) -> None:
    contents = members_of(a_backup)
    refused(empty, written({**contents, name: b"x"}), BackupDamaged)
    assert not (empty.folder / "outside").exists()


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, b"x", b"L"]
)
def test_nothing_but_regular_files_is_looked_at(empty: World, a_backup: bytes, kind: bytes) -> None:
    header = tarfile.TarInfo("settings/secret.key")
    header.type, header.linkname, header.size = kind, "/etc/shadow", 0
    block = header.tobuf(tarfile.USTAR_FORMAT)
    manifest = 512 + 512 * -(-len(members_of(a_backup)["manifest.json"]) // 512)
    refused(empty, a_backup[:manifest] + block + a_backup[manifest:], BackupDamaged)


def test_other_files_and_other_versions_are_told(empty: World, a_backup: bytes) -> None:
    for content in (b"", b"%PDF-1.7", bytes(4096), b"x" * 4096, written({"blobs/" + "0" * 64: b""})):
        refused(empty, content, NotABackup)
    contents = members_of(a_backup)
    manifest = json.loads(contents["manifest.json"])
    for change in ({"format": 2}, {"schema": "9999"}):
        newer = json.dumps(manifest | change).encode()
        refused(empty, written({**contents, "manifest.json": newer}), BackupTooNew)
    for manifest_bytes in (b"", b"[]", b"{}", b'{"format": "x"}', b"\xff", b"[" * 100_000):
        refused(empty, written({**contents, "manifest.json": manifest_bytes}), BackupDamaged)


def packed(*lines: object) -> bytes:
    return gzip.compress("\n".join([*map(json.dumps, lines), ""]).encode())


@pytest.mark.parametrize(
    "part",
    [
        b"no gzip",
        gzip.compress(b""),
        gzip.compress(b"\xff\xfe"),
        gzip.compress(b"[" * 100_000 + b"\n"),
        packed({"table": "sqlite_master", "columns": ["name"]}, ["x"]),
        packed({"table": "papers", "columns": ["id); DROP TABLE papers; --"]}, ["x"]),
        packed({"table": "papers", "columns": ["id"]}, ["x", "y"]),
        packed({"table": "papers", "columns": ["id"]}, [{"base64": "!"}]),
        packed({"table": "papers", "columns": ["id"]}, [["x"]]),
        gzip.compress(bytes(300 << 20), 1),
        packed({"table": "members", "columns": ["knowledge_base_id", "user_id", "role"]}, ["x", "y", "z"]),
    ],
    ids=[
        "no gzip",
        "empty",
        "no text",
        "deep",
        "unknown table",
        "injection",
        "another length",
        "no base64",
        "a list",
        "bomb",
        "no references",
    ],
)
def test_rows_that_make_no_sense_are_refused(empty: World, a_backup: bytes, part: bytes) -> None:
    contents = members_of(a_backup)
    first = {"manifest.json": contents.pop("manifest.json"), "catalog/members/999999.jsonl.gz": part}
    try:
        refused(empty, written({**first, **contents}), BackupDamaged)
    except pytest.fail.Exception:
        # References are looked at when they are restored; adding takes no notice of members.
        with pytest.raises(BackupDamaged):
            restored(empty, written({**first, **contents}), in_place=True)


def test_other_bytes_under_a_files_name_are_refused(empty: World, a_backup: bytes) -> None:
    contents = members_of(a_backup)
    name = next(name for name in contents if name.startswith("blobs/"))
    refused(empty, written({**contents, name: b"others"}), BackupDamaged)
    refused(empty, written({**contents, "vectors/000009.bin": b"half"}), BackupDamaged)


# --- the catalog's rows

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
numbers = st.integers(0, 2**31 - 1)


@given(
    users=st.lists(
        st.tuples(words, words, st.binary(max_size=5), numbers), max_size=12, unique_by=lambda user: user[0]
    ),
    settings_=st.dictionaries(words, words, max_size=12),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_dumped_is_what_is_loaded(
    tmp_path_factory: pytest.TempPathFactory,
    users: list[tuple[str, str, bytes, int]],
    settings_: dict[str, str],
) -> None:
    folder = tmp_path_factory.mktemp("dump")
    one, other = empty_catalog(folder / "one"), empty_catalog(folder / "other")
    with one.write() as tx:
        for key, name, password, number in users:
            tx.run(
                "INSERT INTO users VALUES (:id, :name, :id, :hash, :number, 0, 0, '', '')",
                id=key,
                name=name,
                hash=hashlib.sha256(password).hexdigest(),
                number=number,
            )
        for name, value in settings_.items():
            tx.run("INSERT INTO server_settings VALUES (:name, :value, 1)", name=name, value=value)
    with one.read() as source, other.write() as target:
        for table in dump.TABLES:
            for part in dump.parts(source, table):
                dump.load(target, part)
    assert rows(one) == rows(other)
    one.close()
    other.close()


def test_many_rows_come_in_parts_and_each_once(tmp_path: Path) -> None:
    catalog = empty_catalog(tmp_path)
    with catalog.write() as tx:
        tx.run_many(
            "INSERT INTO server_settings VALUES (:name, :value, 0)",
            ({"name": f"{number % 7}/{number}", "value": str(number)} for number in range(5001)),
        )
    table = next(table for table in dump.TABLES if table.name == "server_settings")
    with catalog.read() as tx:
        parts = list(dump.parts(tx, table))
        assert [row["name"] for part in parts for row in dump.rows_of(part)] == [
            row["name"] for row in tx.rows("SELECT name FROM server_settings ORDER BY name")
        ]
    assert len(parts) == 3
    catalog.close()


def test_the_lists_of_tables_and_columns_are_those_of_the_schema(tmp_path: Path) -> None:
    catalog = empty_catalog(tmp_path)
    with catalog.read() as tx:
        names = {row["name"] for row in tx.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert names - dump.LEFT_OUT == {table.name for table in dump.TABLES}
        assert names >= dump.LEFT_OUT
        for table in dump.TABLES:
            columns = tx.rows(f"SELECT name, pk FROM pragma_table_info('{table.name}')")
            assert {row["name"] for row in columns} == set(table.columns)
            keys = sorted((row["pk"], row["name"]) for row in columns if row["pk"])
            assert tuple(name for _, name in keys) == table.columns[: table.key]
    catalog.close()


def test_what_is_loaded_is_settled(tmp_path: Path) -> None:
    with WORLDS["fakes"](tmp_path) as world:
        paper = world.accept("Once").paper_id
        world.work()
        shelf = world.shelf()
        with world.services.catalog.write() as tx:
            tx.run("UPDATE jobs SET state = 'running', worker = 'gone', lease_until = 'x'")
            row = tx.row("SELECT * FROM passages LIMIT 1")
            assert row is not None
            columns = {name: row[name] for name in row.keys()} | {"generation": shelf.generation + 1}  # noqa: SIM118
            marks = ", ".join(f":{name}" for name in columns)
            tx.run(f"INSERT INTO passages ({', '.join(columns)}) VALUES ({marks})", **columns)
            holds.take(tx)
            dump.settle(tx)
            assert [row["state"] for row in tx.rows("SELECT state FROM jobs")] == ["queued"]
            assert dump.count(tx, "passages") == knowledge_bases.by_id(tx, shelf.id).passages
            assert not holds.held(tx)
        world.work()
        world.check(library=[paper])
