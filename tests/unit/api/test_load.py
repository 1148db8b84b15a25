"""Many at once: turns are fair, what is too much is refused, what nobody waits for is not done."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx2

from carrel.api.admission import Admission
from carrel.api.fair_queue import FairQueue
from tests.unit.api.gateways import MODEL, GatedEmbedder, embed, models, serving, until

LIBRARY = [f"passage {number}" for number in range(320)]  # ten pieces


def test_a_question_does_not_wait_for_a_whole_library() -> None:
    embedder, places = GatedEmbedder(), Admission(requests=3)
    with serving(models(embedder), admission=places) as gateway, ThreadPoolExecutor(3) as pool:
        first = pool.submit(embed, gateway, input=LIBRARY)
        until(lambda: len(embedder.begun) == 1)
        second = pool.submit(embed, gateway, input=LIBRARY)
        asked = pool.submit(embed, gateway, input="a question")
        until(lambda: places.free == 0)
        for pieces in range(2, 20):
            embedder.let(1)
            until(lambda: asked.done() or len(embedder.begun) >= pieces)  # noqa: B023 - called at once
            if asked.done():
                break
        assert asked.result().status_code == 200
        assert embedder.begun.index(("a question",)) <= 5
        embedder.let(100)
        for library in (first, second):
            assert [each["index"] for each in library.result().json()["data"]] == list(range(320))
    assert sorted(embedder.embedded) == sorted([*LIBRARY, *LIBRARY, "a question"])


def test_jobs_take_turns_piece_by_piece() -> None:
    done: list[str] = []

    async def run() -> list[list[None]]:
        queue = FairQueue(1, "test")
        jobs = (("a", 4), ("b", 2), ("c", 1))
        return await asyncio.gather(
            *(queue.run([partial(done.append, name)] * pieces) for name, pieces in jobs)
        )

    assert [len(results) for results in asyncio.run(run())] == [4, 2, 1]
    assert "".join(done) == "aabcaba"  # the first had begun, and was in the queue again, when the others came


def test_a_piece_that_fails_ends_its_job_and_no_other() -> None:
    def fail() -> int:
        raise ValueError

    async def run() -> tuple[object, list[int]]:
        queue = FairQueue(2, "test")
        bad = asyncio.ensure_future(queue.run([fail] * 5))
        good = await queue.run([lambda: 1] * 5)
        return (await asyncio.gather(bad, return_exceptions=True))[0], good

    failed, good = asyncio.run(run())
    assert isinstance(failed, ValueError)
    assert good == [1] * 5


def test_what_is_too_much_is_refused_and_said_to_be_tried_again() -> None:
    embedder, places = GatedEmbedder(), Admission(requests=2)
    with serving(models(embedder), admission=places) as gateway, ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(embed, gateway, input="first"), pool.submit(embed, gateway, input="second")]
        until(lambda: places.free == 0)
        answer = embed(gateway)
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "2"
        assert answer.json()["error"]["type"] == "rate_limit_error"
        assert answer.json()["error"]["code"] == "rate_limit_exceeded"
        assert gateway.get("/v1/models").status_code == 200
        embedder.let(50)
        assert [each.result().status_code for each in waiting] == [200, 200]
        assert embed(gateway).status_code == 200


def test_the_bytes_that_wait_are_bounded_and_given_back() -> None:
    embedder = GatedEmbedder()
    places = Admission(requests=10, body_bytes=30_000)
    with serving(models(embedder), admission=places) as gateway, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(embed, gateway, input="x" * 20_000)
        until(lambda: len(embedder.begun) == 1)
        assert embed(gateway, input="x" * 20_000).status_code == 429
        embedder.let(50)
        assert waiting.result().status_code == 200
        for _ in range(5):
            assert embed(gateway, input="x" * 20_000).status_code == 200


def test_what_nobody_waits_for_is_not_done() -> None:
    embedder = GatedEmbedder()
    with serving(models(embedder)) as gateway, ThreadPoolExecutor(1) as pool:
        assert gateway.base_url.port is not None
        address = (gateway.base_url.host, gateway.base_url.port)
        with socket.create_connection(address) as connection:
            request = httpx2.Request(
                "POST", f"{gateway.base_url}/v1/embeddings", json={"model": MODEL, "input": LIBRARY}
            )
            head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
            connection.sendall(f"POST /v1/embeddings HTTP/1.1\r\n{head}\r\n".encode() + request.read())
            until(lambda: len(embedder.begun) == 1)
        asked = pool.submit(embed, gateway, input="a question")
        until(lambda: gateway.get("/healthz").status_code == 200)
        embedder.let(50)
        assert asked.result().status_code == 200
    # The piece that ran when the client hung up, perhaps one that began before this was seen; not ten.
    assert len(embedder.begun) <= 3


def test_a_body_cut_short_frees_its_place() -> None:
    places = Admission(requests=1)
    with serving(admission=places) as gateway:
        assert gateway.base_url.port is not None
        with socket.create_connection((gateway.base_url.host, gateway.base_url.port)) as connection:
            connection.sendall(
                b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b'Content-Length: 1000\r\n\r\n{"model": '
            )
            until(lambda: places.free == 0)
            assert embed(gateway).status_code == 429
        until(lambda: places.free == 1)
        assert embed(gateway).status_code == 200


def test_probes_share_one_question() -> None:
    embedder = GatedEmbedder()
    with serving(models(embedder)) as gateway:
        codes: list[int] = []
        probes = [
            threading.Thread(target=lambda: codes.append(gateway.get("/readyz").status_code))
            for _ in range(5)
        ]
        for probe in probes:
            probe.start()
        until(lambda: len(embedder.begun) == 1)
        embedder.let(1)
        for probe in probes:
            probe.join()
        assert codes == [200] * 5
        assert gateway.get("/readyz").status_code == 200
        assert len(embedder.begun) == 1
