"""The queue on every database: leases, turns, tries, and what people do with jobs."""

import itertools
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from carrel.core.errors import CarrelError, CatalogBusy, EncryptedPdf
from carrel.core.ids import JobId
from carrel.core.jobs import MOST_INTERRUPTIONS, Job, JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.library.shelves import Shelves
from carrel.storage import handovers, knowledge_bases, papers, queue
from carrel.storage.database import Catalog, Transaction
from carrel.storage.queue import Sign
from tests.catalogs import CATALOGS, OpenCatalog
from tests.contract.test_catalog import base, paper, sha

AWAY = CatalogBusy(path="p")
LATER = EncryptedPdf(name="other trouble")


@pytest.fixture(params=CATALOGS)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenCatalog]:
    with CATALOGS[request.param](tmp_path / "home") as opener:
        yield opener


@pytest.fixture
def catalog(opener: OpenCatalog) -> Iterator[Catalog]:
    catalog = opener(60.0)
    yield catalog
    catalog.close()


def put(
    tx: Transaction, shelf: KnowledgeBase, numbers: range, user: str = "", generation: int = 0
) -> list[Job]:
    jobs = []
    for n in numbers:
        papers.register(tx, paper(n), sha(n), 1)
        jobs.append(queue.enqueue(tx, shelf, paper(n), f"{n}.pdf", generation, user))
    return jobs


def claimed(tx: Transaction, worker: str = "w", seconds: float = 30.0) -> Job:
    job = queue.claim(tx, worker, seconds=seconds)
    assert job is not None
    return job


def now(catalog: Catalog, job: JobId) -> Job:
    with catalog.read() as tx:
        found = queue.get(tx, job)
    assert found is not None
    return found


def due(tx: Transaction) -> None:
    """Let the time of every job come."""
    tx.run("UPDATE jobs SET not_before = ''")


# --- Turns -----------------------------------------------------------------------------------------


def test_a_small_upload_takes_turns_with_a_large_one(catalog: Catalog) -> None:
    with catalog.write() as tx:
        large, small = base(tx, "large"), base(tx, "small")
        put(tx, large, range(1, 101))
        for _ in range(10):
            queue.finish(tx, claimed(tx))
        put(tx, small, range(201, 206))
        order = [claimed(tx).knowledge_base_id for _ in range(11)]
        assert order.count(small.id) == 5
        for found, after in itertools.pairwise(order):
            assert small.id not in (found, after) or found != after  # one of each in turn
        rest = [claimed(tx).knowledge_base_id for _ in range(84)]
        assert set(rest) == {large.id}
        assert queue.claim(tx, "w") is None


def test_users_of_one_knowledge_base_take_turns(catalog: Catalog) -> None:
    with catalog.write() as tx:
        shelf = base(tx)
        put(tx, shelf, range(1, 31), "ada")
        put(tx, shelf, range(101, 104), "bob")
        put(tx, shelf, range(201, 202), "eve")
        first = Counter(claimed(tx).created_by for _ in range(7))
        assert first == {"ada": 3, "bob": 3, "eve": 1}


def test_nobody_starves_however_often_others_come(catalog: Catalog) -> None:
    with catalog.write() as tx:
        shelves = [base(tx, name) for name in ("steady", "one", "two", "three")]
        put(tx, shelves[0], range(1, 51))
        (waiting, *_) = put(tx, shelves[1], range(101, 102))
        waited = 0
        for n in range(200, 260):  # a fresh small upload before every claim
            put(tx, shelves[2 + n % 2], range(n, n + 1))
            if claimed(tx).id == waiting.id:
                break
            waited += 1
        assert waited <= 3


def test_nobody_is_passed_by_all_who_come_later_once_old_jobs_are_deleted(catalog: Catalog) -> None:
    with catalog.write() as tx:
        old, waiting, new = (base(tx, name) for name in ("old", "waiting", "new"))
        put(tx, old, range(1, 31))
        for _ in range(30):
            queue.finish(tx, claimed(tx))
        put(tx, waiting, range(101, 103))
    Shelves(catalog).delete("old")
    with catalog.write() as tx:
        put(tx, new, range(201, 231))
        assert [claimed(tx).file_name for _ in range(4)] == ["101.pdf", "201.pdf", "102.pdf", "202.pdf"]


def test_a_generation_that_is_built_comes_last_but_is_not_forgotten(catalog: Catalog) -> None:
    with catalog.write() as tx:
        shelf = base(tx)
        put(tx, shelf, range(1, 4), generation=2)
        put(tx, shelf, range(11, 14))
        assert claimed(tx).generation == 0
        first = queue.claim(tx, "w", building_first=True)
        assert first is not None
        assert (first.generation, first.file_name) == (2, "1.pdf")
        assert [claimed(tx).file_name for _ in range(4)] == ["12.pdf", "13.pdf", "2.pdf", "3.pdf"]
        # It does not push back who comes after it.
        put(tx, shelf, range(21, 22))
        assert claimed(tx).file_name == "21.pdf"


def test_a_job_that_is_put_back_keeps_its_place(catalog: Catalog) -> None:
    with catalog.write() as tx:
        put(tx, base(tx), range(1, 4))
        first = claimed(tx)
        claimed(tx)
        queue.put_back(tx, first)
        again = claimed(tx)
        assert (again.id, again.attempts) == (first.id, 1)


# --- Leases ----------------------------------------------------------------------------------------


def test_a_lease_that_runs_out_gives_the_job_to_another(catalog: Catalog) -> None:
    with catalog.write() as tx:
        put(tx, base(tx), range(1, 3))
        job = claimed(tx, "slow", seconds=-1)
        kept = claimed(tx, "quick")
        assert queue.any_to_recover(tx)
        assert queue.recover(tx) == 1
        assert not queue.any_to_recover(tx)
        other = claimed(tx, "quick")
        assert (other.id, other.worker, other.attempts) == (job.id, "quick", 2)
        assert not queue.still_wanted(tx, job)
        assert queue.still_wanted(tx, kept)
        queue.put_back(tx, job)  # the slow one wakes up: too late, it changes nothing
        queue.fail(tx, job, LATER)
        assert queue.still_wanted(tx, other)
        assert queue.renew(tx, "slow", [Sign(job)]) == {job.id}


def test_a_sign_of_life_prolongs_the_lease_and_says_how_far_a_job_is(catalog: Catalog) -> None:
    with catalog.write() as tx:
        put(tx, base(tx), range(1, 2))
        job = claimed(tx, seconds=-1)
        assert queue.renew(tx, "w", [Sign(job, "embed", 3, 9, 7)], 30) == set()
        assert queue.recover(tx) == 0
    found = now(catalog, job.id)
    assert (found.stage, found.done, found.total, found.pages) == ("embed", 3, 9, 7)


@pytest.mark.parametrize("what", ["cancel", "remove", "delete"])
def test_who_lost_a_job_is_told_at_the_next_sign_of_life(catalog: Catalog, what: str) -> None:
    with catalog.write() as tx:
        shelf = base(tx)
        put(tx, shelf, range(1, 3))
        lost, kept = claimed(tx), claimed(tx)
        handovers.put(tx, lost.id, 0, [b"begun"])
        if what == "cancel":
            assert queue.cancel(tx, lost).state is JobState.CANCELLED
        elif what == "remove":
            papers.remove(tx, shelf, lost.paper_id)
        wanted = {lost.id}
    if what == "delete":
        Shelves(catalog).delete(shelf.name)
        wanted = {lost.id, kept.id}
    with catalog.write() as tx:
        assert queue.renew(tx, "w", [Sign(lost), Sign(kept)]) == wanted
        assert tx.rows("SELECT * FROM handovers") == []


def test_workers_that_are_gone_lose_their_jobs_at_once(catalog: Catalog) -> None:
    with catalog.write() as tx:
        put(tx, base(tx), range(1, 3))
        claimed(tx, "gone")
        claimed(tx, "here")
        assert queue.workers(tx) == {"gone", "here"}
        assert queue.recover(tx, ["gone"]) == 1
        assert queue.workers(tx) == {"here"}


def test_a_file_that_ends_its_workers_is_given_up_and_others_go_first(catalog: Catalog) -> None:
    with catalog.write() as tx:
        poison, _ = put(tx, base(tx), range(1, 3))
        for n in range(1, MOST_INTERRUPTIONS):
            job = queue.claim(tx, "gone", early=True)
            assert job is not None
            assert (job.id, job.attempts) == (poison.id, n)
            assert queue.recover(tx, ["gone"]) == 1
        assert claimed(tx, "well").id != poison.id  # its time has not come
        due(tx)
        claimed(tx, "gone")
        queue.recover(tx, ["gone"])
    found = now(catalog, poison.id)
    assert (found.state, found.error_kind) == (JobState.FAILED, "ends-its-worker")
    assert f"{MOST_INTERRUPTIONS} times" in found.error_message


def test_other_trouble_in_between_does_not_make_a_file_guilty(catalog: Catalog) -> None:
    with catalog.write() as tx:
        (job,) = put(tx, base(tx), range(1, 2))
        for _ in range(3 * MOST_INTERRUPTIONS):
            queue.postpone(tx, claimed(tx), AWAY)
            due(tx)
        claimed(tx, "gone")
        queue.recover(tx, ["gone"])
    assert now(catalog, job.id).state is JobState.QUEUED


def test_two_workers_never_hold_the_same_job(opener: OpenCatalog) -> None:
    catalogs = [opener(60.0) for _ in range(4)]
    try:
        with catalogs[0].write() as tx:
            put(tx, base(tx), range(1, 81))

        def work(number: int) -> list[JobId]:
            mine: list[JobId] = []
            while True:
                with catalogs[number].write() as tx:
                    job = queue.claim(tx, f"worker {number}")
                if job is None:
                    return mine
                mine.append(job.id)

        with ThreadPoolExecutor(4) as threads:
            found = [job for mine in threads.map(work, range(4)) for job in mine]
        assert len(found) == len(set(found)) == 80
    finally:
        for catalog in catalogs:
            catalog.close()


# --- Tries -----------------------------------------------------------------------------------------


def test_trouble_that_may_pass_is_tried_again_ever_later(catalog: Catalog) -> None:
    waits = []
    with catalog.write() as tx:
        put(tx, base(tx), range(1, 2))
        for _ in range(4):
            waits.append(queue.postpone(tx, claimed(tx), AWAY))
            assert queue.claim(tx, "w") is None
            due(tx)
        for before, after in itertools.pairwise(waits):
            assert after == pytest.approx(2 * before)
        assert queue.postpone(tx, claimed(tx), LATER) == waits[0]  # another trouble begins anew
        (row,) = tx.rows("SELECT * FROM jobs")
        assert (row["state"], row["error_kind"]) == ("queued", LATER.kind)
        due(tx)
        job = claimed(tx)
        assert job.error_kind == LATER.kind  # it is said until it is over
        queue.finish(tx, job)
        (row,) = tx.rows("SELECT * FROM jobs")
        assert (row["state"], row["error_kind"], row["attempts"]) == ("done", "", 0)


def test_what_was_handed_over_is_taken_later_after_trouble(catalog: Catalog) -> None:
    with catalog.write() as tx:
        put(tx, base(tx), range(1, 2))
        job = claimed(tx)
        queue.hand_over(tx, job, 12, 3)
        handovers.put(tx, job.id, 0, [b"made"])
        handed = queue.next_handed(tx)
        assert handed is not None
        assert (handed.state, handed.done, handed.pages) == (JobState.HANDED, 12, 3)
        queue.postpone(tx, handed, AWAY)
        assert queue.next_handed(tx) is None
        due(tx)
        again = queue.next_handed(tx)
        assert again is not None
        assert handovers.get(tx, again.id, 0) == b"made"
        queue.finish(tx, again)
        assert tx.rows("SELECT * FROM handovers") == []
    assert now(catalog, job.id).state is JobState.DONE


# --- What people do --------------------------------------------------------------------------------


def test_a_cancelled_job_can_be_asked_for_again(catalog: Catalog) -> None:
    with catalog.write() as tx:
        shelf = base(tx)
        first, second = put(tx, shelf, range(1, 3))
        queue.cancel(tx, first)
        assert claimed(tx).id == second.id
        assert queue.claim(tx, "w") is None
        assert queue.retry(tx, second).state is JobState.RUNNING  # nothing to retry
        assert queue.retry(tx, first).state is JobState.QUEUED
        job = claimed(tx)
        assert (job.id, job.attempts) == (first.id, 1)
        queue.fail(tx, job, LATER)
        assert queue.cancel(tx, job).state is JobState.FAILED  # it has ended
        queue.retry(tx, job)
        assert queue.of_paper(tx, shelf, first.paper_id) == queue.get(tx, first.id)
        assert claimed(tx).error_kind == ""


def test_a_paused_knowledge_base_waits_and_the_others_go_on(catalog: Catalog) -> None:
    with catalog.write() as tx:
        one, other = base(tx, "one"), base(tx, "other")
        put(tx, one, range(1, 3))
        put(tx, other, range(11, 12))
        knowledge_bases.set_paused(tx, one, paused=True)
        assert claimed(tx).knowledge_base_id == other.id
        assert not queue.any_claimable(tx)
        knowledge_bases.set_paused(tx, one, paused=False)
        assert [claimed(tx).file_name for _ in range(2)] == ["1.pdf", "2.pdf"]


def test_the_next_job_says_why_it_waits_and_keeps_its_place(catalog: Catalog) -> None:
    with catalog.write() as tx:
        assert not queue.say(tx, AWAY)  # there is none
        first, second = put(tx, base(tx), range(1, 3))
        assert not queue.say(tx, AWAY, [first.knowledge_base_id])
        assert queue.say(tx, AWAY)
        assert not queue.say(tx, AWAY)  # it is no news
        assert queue.any_claimable(tx)
        job = claimed(tx)
        assert (job.id, job.error_kind, job.attempts) == (first.id, AWAY.kind, 1)
        queue.finish(tx, job)
        assert claimed(tx).id == second.id
    assert now(catalog, first.id).error_kind == ""


def test_a_paused_job_waits_until_it_is_let_go_on(catalog: Catalog) -> None:
    with catalog.write() as tx:
        first, second = put(tx, base(tx), range(1, 3))
        assert queue.pause(tx, first)
        assert claimed(tx).id == second.id
        assert not queue.pause(tx, second)  # it runs
        assert queue.claim(tx, "w") is None
        assert queue.any_unfinished(tx)
        assert queue.resume(tx, first)
        assert not queue.resume(tx, first)
        assert claimed(tx).id == first.id


def test_a_thousand_jobs_survive_a_restart_each_once(opener: OpenCatalog) -> None:
    before = opener(60.0)
    with before.write() as tx:
        shelf = base(tx)
        jobs = put(tx, shelf, range(1, 1001))
        gone = [claimed(tx, "gone") for _ in range(7)]
    before.close()
    after = opener(60.0)
    with after.write() as tx:
        assert queue.recover(tx, ["gone"]) == len(gone)
        assert [job.id for job in queue.waiting(tx, [shelf.id])] == [job.id for job in jobs]
        order = [claimed(tx).id for _ in jobs]
        assert queue.claim(tx, "w") is None
    after.close()
    assert order == [job.id for job in jobs]


def test_errors_of_jobs_are_told_in_their_rows(catalog: Catalog) -> None:
    errors: list[CarrelError] = [EncryptedPdf(name="1.pdf")]
    with catalog.write() as tx:
        shelf = base(tx)
        put(tx, shelf, range(1, 2))
        queue.fail(tx, claimed(tx), errors[0])
        (failed,) = queue.failures(tx, [shelf.id])
    assert (failed.error_kind, failed.error_message) == ("encrypted-pdf", str(errors[0]))
