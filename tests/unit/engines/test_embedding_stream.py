"""Many texts to one server, whatever the server does."""

import threading
import time
from collections import Counter
from itertools import count

import numpy as np
import pytest

from carrel.core.engine_errors import EndpointNonsense, EndpointRefuses, EndpointUnavailable, TextsRefused
from carrel.core.probe import PROBE_TEXT
from carrel.core.space import Vectors
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.embedding_server import (
    Asked,
    EmbeddingServerFake,
    Reply,
    embeddings_document,
    error_reply,
    json_reply,
    serving,
)
from tests.unit.engines.served import embedder_at, served

TEXTS = [f"passage {number} on subject {number % 7}" for number in range(500)]
EXPECTED = FakeEmbedder().embed_documents(TEXTS)


def check(found: Vectors, count: int = len(TEXTS)) -> None:
    np.testing.assert_allclose(found, EXPECTED[:count], atol=1e-6)


def test_every_text_gets_its_vector_and_none_is_sent_twice() -> None:
    fake = EmbeddingServerFake()
    with served(fake) as embedder:
        check(embedder.embed_documents(TEXTS))
    sent = Counter(fake.texts) - Counter([PROBE_TEXT])
    assert sent == Counter(TEXTS)
    assert max(len(asked.texts) for asked in fake.asked) <= 32
    assert all(set(asked.document) == {"input", "model", "encoding_format"} for asked in fake.asked)


def test_rows_come_in_the_order_of_their_index() -> None:
    fake = EmbeddingServerFake()

    def shuffled(asked: Asked) -> Reply:
        document = embeddings_document(fake.vectors(asked.texts))
        data = document["data"]
        assert isinstance(data, list)
        return json_reply({**document, "data": data[::-1]})

    fake.answer = shuffled
    with served(fake) as embedder:
        check(embedder.embed_documents(TEXTS))


def test_vectors_that_are_not_of_length_one_are_made_so() -> None:
    fake = EmbeddingServerFake()
    fake.vectors = lambda texts: FakeEmbedder().embed_documents(texts) * np.float32(11.3)
    with served(fake) as embedder:
        check(embedder.embed_documents(TEXTS))


@pytest.mark.parametrize("status", [429, 503, 424, 502, 500])
def test_a_busy_server_is_asked_again(status: int) -> None:
    fake = EmbeddingServerFake()
    turn = count()
    lock = threading.Lock()

    def half_the_time(asked: Asked) -> Reply:
        with lock:
            refused = next(turn) % 2 == 0
        return error_reply("busy", status, Retry_After="0") if refused else fake.embeddings(asked)

    fake.answer = half_the_time
    with served(fake) as embedder:
        check(embedder.embed_documents(TEXTS))


@pytest.mark.parametrize(
    ("status", "message"),
    [(413, "batch too big"), (422, "batch size"), (400, "too many inputs"), (500, "input is too large")],
)
def test_a_request_of_too_many_texts_is_halved(status: int, message: str) -> None:
    fake = EmbeddingServerFake()

    def at_most_three(asked: Asked) -> Reply:
        return fake.embeddings(asked) if len(asked.texts) <= 3 else error_reply(message, status)

    fake.answer = at_most_three
    with served(fake) as embedder:
        check(embedder.embed_documents(TEXTS[:100]), 100)


def test_one_bad_text_fails_alone_and_is_named() -> None:
    fake = EmbeddingServerFake()

    def strict(asked: Asked) -> Reply:
        bad = any("subject 3" in text and "passage 17 " in text for text in asked.texts)
        return error_reply("maximum context length is 512 tokens", 400) if bad else fake.embeddings(asked)

    fake.answer = strict
    with served(fake) as embedder:
        found: set[int] = set()

        def embed() -> None:
            for rows, _ in embedder.embed_in_parts(TEXTS):
                found.update(rows)

        with pytest.raises(TextsRefused, match="maximum context length") as caught:
            embed()
    assert set(caught.value.refused) == {17}
    assert found == set(range(len(TEXTS))) - {17}


def test_a_server_that_refuses_every_text_is_to_blame_itself() -> None:
    fake = EmbeddingServerFake()
    fake.answer = lambda _: error_reply("this model does not embed", 400)
    with served(fake, embedder_width=64) as embedder, pytest.raises(EndpointRefuses, match="not embed"):
        embedder.embed_documents(TEXTS)
    assert len(fake.asked) < len(TEXTS)


def test_a_server_that_dies_and_comes_back_loses_and_repeats_nothing() -> None:
    fake = EmbeddingServerFake()
    answered: Counter[str] = Counter()

    fake.delivered = lambda asked: answered.update(asked.texts)
    stopping = threading.Event()
    with serving(fake) as url:
        port = int(url.rpartition(":")[2].removesuffix("/v1"))

    def lives() -> None:
        for life in range(4):
            with serving(fake, port):
                stopping.wait(10 if life == 3 else 0.15)
            stopping.wait(0.1)

    fake.vectors = lambda texts: (threading.Event().wait(0.02), FakeEmbedder().embed_documents(texts))[1]
    thread = threading.Thread(target=lives)
    thread.start()
    try:
        with embedder_at(url, embedder_width=64, embedder_batch_texts=4) as embedder:
            check(embedder.embed_documents(TEXTS))
    finally:
        stopping.set()
        thread.join()
    assert answered == Counter([*TEXTS, PROBE_TEXT])


def test_a_server_that_stays_away_ends_the_call() -> None:
    with serving(EmbeddingServerFake()) as gone:
        pass
    with embedder_at(gone, embedder_width=64) as embedder:
        embedder._stream._patience = type(embedder._stream._patience)(0.3, 0.3)
        with pytest.raises(EndpointUnavailable):
            embedder.embed_documents(TEXTS)


def test_an_unusable_answer_ends_the_call() -> None:
    fake = EmbeddingServerFake()
    fake.vectors = lambda texts: FakeEmbedder().embed_documents(texts)[:, :32]
    with served(fake, embedder_width=64) as embedder, pytest.raises(EndpointNonsense, match="32 dim"):
        embedder.embed_documents(TEXTS)


def test_a_server_without_base64_is_asked_for_numbers() -> None:
    fake = EmbeddingServerFake()

    def numbers_only(asked: Asked) -> Reply:
        if asked.document["encoding_format"] != "float":
            return error_reply("encoding_format must be float", 400)
        return fake.embeddings(asked)

    fake.answer = numbers_only
    with served(fake) as embedder:
        check(embedder.embed_documents(TEXTS))


def test_leaving_early_stops_the_sending() -> None:
    fake = EmbeddingServerFake()
    with served(fake, embedder_requests=2, embedder_batch_texts=1) as embedder:
        parts = embedder.embed_in_parts(TEXTS)
        next(parts)
        parts.close()  # type: ignore[attr-defined]
        embedder.embed_query("and it still answers")
    assert len(fake.asked) < len(TEXTS)


def test_closing_ends_a_call_in_another_thread() -> None:
    fake = EmbeddingServerFake()
    fake.answer = lambda _: error_reply("busy", 503)
    ended: list[Exception] = []
    with served(fake, embedder_width=64) as embedder:

        def embed() -> None:
            try:
                embedder.embed_documents(TEXTS)
            except Exception as error:
                ended.append(error)

        thread = threading.Thread(target=embed)
        thread.start()
        while not fake.asked:
            time.sleep(0.001)
        embedder.close()
        thread.join(20)
    assert not thread.is_alive()
    assert isinstance(ended[0], EndpointUnavailable)


def test_a_question_does_not_wait_behind_documents() -> None:
    fake = EmbeddingServerFake()
    free = threading.Event()

    def slow_for_documents(asked: Asked) -> Reply:
        # What knows the model again goes before both, and both wait for that.
        if not {"question", PROBE_TEXT}.intersection(asked.texts):
            free.wait(20)
        return fake.embeddings(asked)

    fake.answer = slow_for_documents
    with served(fake, embedder_width=64) as embedder:
        thread = threading.Thread(target=lambda: check(embedder.embed_documents(TEXTS)))
        thread.start()
        assert embedder.embed_query("question").vector.shape == (64,)
        assert thread.is_alive()
        free.set()
        thread.join(20)
    assert not thread.is_alive()


def test_one_slot_is_enough_for_a_server_that_is_busy_and_strict_at_once() -> None:
    fake = EmbeddingServerFake()
    turn = count()

    def busy_and_strict(asked: Asked) -> Reply:
        if next(turn) % 3 == 0:
            return error_reply("busy", 429)
        return fake.embeddings(asked) if len(asked.texts) <= 3 else error_reply("batch size", 413)

    fake.answer = busy_and_strict
    with served(fake, embedder_requests=1) as embedder:
        check(embedder.embed_documents(TEXTS[:30]), 30)


def test_a_server_that_wants_an_hour_is_not_waited_for_in_silence() -> None:
    fake = EmbeddingServerFake()
    with served(fake) as embedder:
        embedder.embed_documents(TEXTS[:3])
        fake.answer = lambda _: error_reply("quota", 429, Retry_After="3600")
        with pytest.raises(EndpointUnavailable, match="quota"):
            embedder.embed_documents(TEXTS)


def test_what_was_answered_before_a_failure_is_handed_over() -> None:
    fake = EmbeddingServerFake()
    answered: list[str] = []
    lock = threading.Lock()

    def until_the_key_expires(asked: Asked) -> Reply:
        with lock:
            if len(answered) > 40:
                return error_reply("expired", 401)
            answered.extend(asked.texts)
        return fake.embeddings(asked)

    fake.answer = until_the_key_expires
    found: list[int] = []

    def embed() -> None:
        for rows, _ in embedder.embed_in_parts(TEXTS):
            threading.Event().wait(0.02)  # a slow consumer: parts wait for it
            found.extend(rows)

    with (
        served(fake, embedder_batch_texts=1, embedder_requests=2, embedder_width=64) as embedder,
        pytest.raises(EndpointRefuses, match="expired"),
    ):
        embed()
    assert len(found) >= len(answered) - 3  # the probe, and what was under way


def test_a_deadline_of_the_server_s_own_is_no_fault_of_the_texts() -> None:
    fake = EmbeddingServerFake()
    turn = count()

    def late_at_first(asked: Asked) -> Reply:
        late = 1 <= next(turn) < 4  # not the first, which is asked three times only
        return error_reply("context deadline exceeded", 500) if late else fake.embeddings(asked)

    fake.answer = late_at_first
    with served(fake, embedder_width=64) as embedder:
        check(embedder.embed_documents(TEXTS))
