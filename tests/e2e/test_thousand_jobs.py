"""A thousand files are uploaded and the plug is pulled: every job is there again, in its place."""

from pathlib import Path

from tests.e2e.command import Carrel
from tests.e2e.rest_server import Server, paper, serving
from tests.fakes.embedding_server import EmbeddingServerFake
from tests.fakes.embedding_server import serving as serving_model

COUNT = 1000
PIECE = 250
NAMES = [f"paper {number:04d}.md" for number in range(COUNT)]
SOME = 20


def test_a_thousand_jobs_survive_a_kill_and_a_restart(tmp_path: Path) -> None:
    with serving_model(model := EmbeddingServerFake()) as url:
        settings = {"CARREL_EMBEDDER": model.model, "CARREL_EMBEDDER_URL": url}
        carrel = Carrel(tmp_path / "home", tmp_path / "cache", settings)
        with serving(carrel, workers=0) as server:  # nobody works: they can only wait
            base = server.make("library")
            for begin in range(0, COUNT, PIECE):
                names = NAMES[begin : begin + PIECE]
                answer = server.upload(base, {name: paper(name) for name in names})
                assert answer.status_code == 202
                # From here on they are promised, whatever happens.
                assert [job["file_name"] for job in answer.json()["jobs"]] == names
            server.kill()
        with serving(carrel.with_settings(CARREL_KEEP_FREE_MB="999999999")) as server:
            jobs = server.jobs()
            assert [(job["file_name"], job["state"]) for job in jobs] == [(name, "queued") for name in NAMES]
            nothing_is_taken_without_room(server, base, jobs[0]["id"])
            server.stop()
        with serving(carrel) as server:
            server.until(lambda: len(server.jobs("done")) >= SOME)
            check_nothing_lost(server, jobs)
            server.stop()


def nothing_is_taken_without_room(server: Server, base: str, first: str) -> None:
    """Jobs wait and the first one says why, uploads are refused, and one can search."""
    server.until(lambda: server.client.get(f"/jobs/{first}").json()["error"] is not None)
    assert server.client.get(f"/jobs/{first}").json()["error"]["kind"] == "storage-full"
    refused = server.upload(base, {"late.md": paper("late")})
    assert (refused.status_code, refused.json()["kind"]) == (507, "storage-full")
    assert server.search("paper").status_code == 200
    assert {job["state"] for job in server.jobs()} == {"queued"}


def check_nothing_lost(server: Server, jobs: list[dict[str, str]]) -> None:
    """Every job is there once, none failed, and those that came first are done or in hand."""
    present = server.jobs()
    assert [(job["id"], job["file_name"]) for job in present] == [
        (job["id"], job["file_name"]) for job in jobs
    ]
    assert {job["state"] for job in present} <= {"done", "handed", "running", "queued"}
    waiting = [job["state"] == "queued" for job in present]
    begun = len(waiting) - sum(waiting)
    assert begun >= SOME
    assert not any(waiting[:begun])
    assert present[0]["error"] is None
