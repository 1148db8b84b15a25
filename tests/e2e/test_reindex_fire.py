"""Re-index under fire: a real server is asked without a pause while its model is changed and changed back."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import numpy as np

from carrel.core.space import Vectors
from tests.e2e.command import Carrel, Document
from tests.e2e.rest_server import Server, paper, serving
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.embedding_server import Asked, EmbeddingServerFake, Reply
from tests.fakes.embedding_server import serving as serving_model

SUBJECTS = ("glaciers", "violins", "comets")
PAPERS = {
    f"{subject} {number}.md": paper(f"{subject.title()} number {number}", f"Of {subject} we know {number}.")
    for number in range(8)
    for subject in SUBJECTS
}
QUESTIONS = ("glaciers", "violins number 3", "comets number 7")
MODES = ("dense", "hybrid", "lexical")
CONTRARY = "contrary"
QUERY_SIGN = "asked: "
DIES_AFTER = 6  # requests with passages

Told = tuple[tuple[str, float], ...]
"""The points that the index found for a question, over all signals, with their scores."""


class Contrary(EmbeddingServerFake):
    """A model as wide as the usual one, in another space, that finds violins where one asks for glaciers.

    So a question in the one space over an index in the other gives an answer that neither model gives.
    """

    def __init__(self) -> None:
        super().__init__()
        self.model = CONTRARY
        self.away = threading.Event()
        self.left = 0  # requests with passages until it dies; 0: it lives
        self.vectors = self._vectors
        self.answer = self._answer

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        turned = [_turned(text) for text in texts]
        return np.ascontiguousarray(FakeEmbedder(10**6).embed_documents(turned)[:, ::-1])

    def _answer(self, asked: Asked) -> Reply:
        if not asked.texts[0].startswith(QUERY_SIGN):
            time.sleep(0.02)  # a change of model that is over at once is no fire
            self.left -= 1
            if self.left == 0:
                self.away.set()
        if self.away.is_set():
            return Reply(act=lambda handler: handler.connection.close())
        return self.embeddings(asked)


def _turned(text: str) -> str:
    if not text.startswith(QUERY_SIGN):
        return text
    words = {"glaciers": "violins", "violins": "comets", "comets": "glaciers"}
    return " ".join(words.get(word, word) for word in text.removeprefix(QUERY_SIGN).split())


@dataclass
class Fire:
    """Threads that ask and ask, and what they were told."""

    server: Server
    answers: list[tuple[str, str, httpx2.Response]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def burning(self, threads: int = 3) -> Iterator[None]:
        askers = [threading.Thread(target=self._ask, args=(number,)) for number in range(threads)]
        for asker in askers:
            asker.start()
        try:
            yield
        finally:
            self.stop.set()
            for asker in askers:
                asker.join()

    def _ask(self, number: int) -> None:
        while not self.stop.is_set():
            question, mode = QUESTIONS[number % 3], MODES[number // 3 % 3]
            answer = self.server.search(question, mode, explain=True, limit=5)
            self.answers.append((question, mode, answer))
            time.sleep(0.02)  # the other core is for what they ask about
            number += 1


def told(answer: httpx2.Response) -> Told:
    """Return what an answer is made of; empty, or none at all, fails the test."""
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert len(document["results"]) == 5, document
    candidates = document["explain"]["candidates"]
    return tuple(
        (f"{signal} {found['id']}", round(found["score"], 2))
        for signal in sorted(candidates)
        for found in sorted(candidates[signal], key=lambda found: str(found["id"]))
    )


def all_told(server: Server) -> dict[tuple[str, str], Told]:
    """Ask every question in every mode, while nothing changes."""
    return {
        (question, mode): told(server.search(question, mode, explain=True, limit=5))
        for question in QUESTIONS
        for mode in MODES
    }


def first(server: Server, question: str) -> str:
    """Return the subject of the best paper."""
    found = server.search(question, "dense", limit=1).json()["results"][0]["paper"]["file"]
    return str(found).split()[0]


class Reindexing:
    """Re-indexing of one knowledge base over REST."""

    def __init__(self, server: Server, base: str) -> None:
        self._server = server
        self._url = f"{base}/reindex"

    def status(self) -> Document:
        return self._server.client.get(self._url).json()

    def post(self, step: str = "", **wanted: object) -> Document:
        url = f"{self._url}/{step}" if step else self._url
        answer = self._server.client.post(url, json=wanted or None)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    def until_serving(self, embedder: str) -> None:
        def served() -> bool:
            status = self.status()
            return status["under_way"] is None and status["serving"]["embedder"] == embedder

        self._server.until(served)


def test_while_the_model_changes_every_answer_is_whole_and_of_one_space(tmp_path: Path) -> None:
    usual, contrary = EmbeddingServerFake(), Contrary()
    with serving_model(usual) as url, serving_model(contrary) as contrary_url:
        settings = {"CARREL_EMBEDDER": usual.model, "CARREL_EMBEDDER_URL": url, "CARREL_OCR": "false"}
        carrel = Carrel(tmp_path / "home", tmp_path / "cache", settings)
        with serving(carrel) as server:
            base = server.make("library")
            assert server.upload(base, PAPERS).status_code == 202
            server.until_done()
            named = {
                "purpose": "embedder",
                "model": CONTRARY,
                "url": contrary_url,
                "options": {"query_template": QUERY_SIGN + "{text}", "batch_texts": 1, "requests": 1},
            }
            assert server.client.post("/endpoints", json=named).status_code == 201
            before = all_told(server)
            assert first(server, "glaciers") == "glaciers"
            fire = Fire(server)
            with fire.burning():
                after = through_it_all(carrel, server, Reindexing(server, base), contrary)
            server.stop()
    assert all(before[key] != after[key] for key in before if key[1] != "lexical")
    seen = dict.fromkeys(("before", "after"), 0)
    for question, mode, answer in fire.answers:
        found, key = told(answer), (question, mode)
        assert found in (before[key], after[key]), key  # of one space, whole
        if mode != "lexical":
            seen["before" if found == before[key] else "after"] += 1
    assert min(seen.values()) > 10, seen


def through_it_all(
    carrel: Carrel, server: Server, reindexing: Reindexing, contrary: Contrary
) -> dict[tuple[str, str], Told]:
    """Change the model in every way that goes wrong; return the answers of the other one."""
    estimate = reindexing.post("estimate", embedder=CONTRARY)
    assert (estimate["papers"], estimate["cached_share"]) == (len(PAPERS), 0.0)
    # The new model's server dies halfway, the old index serves on, and somebody gives it up.
    contrary.left = DIES_AFTER
    reindexing.post(embedder=CONTRARY)
    server.until(contrary.away.is_set)
    assert reindexing.status()["state"] == "building"
    carrel.json("reindex", "--kb", "library", "--cancel")
    assert reindexing.status()["under_way"] is None
    contrary.away.clear()
    assert first(server, "glaciers") == "glaciers"
    # It dies halfway again and comes back: the change goes on by itself, to its end.
    contrary.left = DIES_AFTER
    reindexing.post(embedder=CONTRARY)
    server.until(contrary.away.is_set)
    done = reindexing.status()["under_way"]["papers"]["done"]
    assert done < len(PAPERS)
    contrary.away.clear()
    reindexing.until_serving(CONTRARY)
    assert first(server, "glaciers") == "violins"
    after = all_told(server)
    # And back, at the command line; and forth again.
    carrel.json("reindex", "--kb", "library", "--rollback")
    assert first(server, "glaciers") == "glaciers"
    reindexing.post("rollback")
    reindexing.until_serving(CONTRARY)
    return after
