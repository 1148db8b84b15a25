"""What ``carrel doctor --embedder`` finds: nothing wrong with a right server; the cause with wrong ones."""

import numpy as np
import pytest

from carrel.core.space import Vectors
from carrel.engines.address import endpoint_at
from carrel.engines.examination.card import SIMILARITIES, is_quantised, published_check
from carrel.engines.examination.examine import advised_requests
from carrel.engines.examination.kinds import Kind, ServerFacts
from carrel.engines.examination.speed import Speed, best_of
from carrel.engines.examination.subject import Plan, Subject
from carrel.engines.examination.verdict import Status
from carrel.engines.profiles import named_profile
from carrel.engines.wire import Wire
from tests.fakes.causal_model import NAME, WIDTH, CausalServer
from tests.fakes.embedding_server import (
    MODEL,
    Asked,
    EmbeddingServerFake,
    Reply,
    embeddings_document,
    json_reply,
    serving,
)
from tests.unit.engines.examining import KEY, examined, failures, warnings

# A right server


@pytest.mark.parametrize("takes_ids", [True, False])
def test_nothing_is_wrong_with_a_right_server(takes_ids: bool) -> None:
    examination, checks = examined(CausalServer(takes_ids=takes_ids))
    assert failures(checks) | warnings(checks) == set()
    assert {name for name, check in checks.items() if check.status is Status.PASS} == {
        "reachable",
        "model",
        "answer",
        "width",
        "normalisation",
        "determinism",
        "order",
        "batch",
        "end token",
        "pooling",
        "instruction",
        "long texts",
        "texts a request",
        "encodings",
        "dimensions",
    }
    assert checks["throughput"].status is Status.SKIP
    assert not examination.unreachable


def test_answers_out_of_order_but_numbered_are_in_order() -> None:
    def backwards(asked: Asked) -> Reply:
        document = embeddings_document(fake.vectors(asked.texts), MODEL)
        document["data"] = list(reversed(list(document["data"])))  # type: ignore[call-overload]
        return json_reply(document)

    fake = EmbeddingServerFake()
    fake.answer = backwards
    _, checks = examined(fake, model=MODEL, profile=named_profile("other"))
    assert checks["order"].status is Status.PASS


def test_the_only_model_is_taken_and_its_profile_by_its_name() -> None:
    examination, checks = examined(CausalServer(), model="")
    assert examination.subject.model == NAME
    assert examination.subject.profile.name == "Qwen3-Embedding"
    assert failures(checks) == set()


def test_the_first_request_is_shown_without_the_key() -> None:
    fake = CausalServer()
    fake.key = KEY
    examination, checks = examined(fake, key=KEY)
    assert failures(checks) == set()
    exchange = examination.exchange
    assert exchange is not None
    assert exchange.url.endswith("/v1/embeddings")
    assert exchange.method == "POST"
    assert "Sparse attention" in exchange.sent
    assert "… 96 in all" in exchange.received
    assert KEY not in repr(exchange)
    assert any(header.startswith("Authorization") for header in exchange.headers)


# Vectors that are wrong


def _nan(vectors: Vectors) -> Vectors:
    spoilt = vectors.copy()
    spoilt[-1, 3] = np.nan
    return spoilt


def _one_less(vectors: Vectors) -> Vectors:
    return vectors[:-1] if len(vectors) > 1 else vectors


WRONG: dict[str, tuple[CausalServer, str, str]] = {
    "forgets the end token": (CausalServer(appends_end=False), "end token", "end token is not appended"),
    "mean": (CausalServer(pooling="mean"), "pooling", "mean pooling instead of last-token pooling"),
    "mean, no token ids": (CausalServer(pooling="mean", takes_ids=False), "pooling", "mean pooling instead"),
    "first token": (CausalServer(pooling="cls"), "pooling", "first-token pooling instead of last-token"),
    "shuffled": (CausalServer(shuffles=True), "order", "shuffles the answers"),
    "NaN": (CausalServer(spoil=_nan), "answer", "overflows in half precision"),
    "wrong count": (CausalServer(spoil=_one_less), "answer", "drops or repeats"),
    "zeros": (CausalServer(spoil=np.zeros_like), "answer", "weights are missing"),
    "half-width": (CausalServer(width=WIDTH // 2), "width", "cuts vectors"),
    "another width": (CausalServer(spoil=lambda rows: np.hstack([rows, rows])), "width", "another model"),
    "cut, end token lost": (CausalServer(over_long="cut", context=300), "long texts", "their end token"),
    "different each time": (CausalServer(noise=0.2), "determinism", "different vectors each time"),
    "no instruction": (CausalServer(strips_instruction=True), "instruction", "does not reach the model"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_server_fails_where_it_is_wrong_and_the_cause_is_named(name: str) -> None:
    fake, check, cause = WRONG[name]
    _, checks = examined(fake)
    assert failures(checks) == {check}
    assert cause in checks[check].cause


def test_mean_pooling_and_no_end_token_are_both_found() -> None:
    _, checks = examined(CausalServer(pooling="mean", appends_end=False))
    assert failures(checks) == {"end token", "pooling"}


def test_vectors_that_are_not_normalised_are_a_warning() -> None:
    _, checks = examined(CausalServer(normalises=False))
    assert failures(checks) == set()
    assert warnings(checks) == {"normalisation"}
    assert "does not normalise" in checks["normalisation"].cause


def test_long_texts_cut_before_the_end_token_are_a_warning() -> None:
    _, checks = examined(CausalServer(over_long="cut before the end", context=300))
    assert failures(checks) == set()
    assert "cuts long texts" in checks["long texts"].cause
    assert "CARREL_EMBEDDER_MAX_TOKENS=256" in checks["long texts"].advice


def test_a_server_whose_vectors_depend_on_their_companions() -> None:
    def mixed(vectors: Vectors) -> Vectors:
        companions = 0.4 * vectors.mean(axis=0) * (len(vectors) > 1)
        moved: Vectors = (vectors + companions).astype(np.float32)
        return moved

    _, checks = examined(CausalServer(spoil=mixed))
    assert "batch" in failures(checks)
    assert "padding" in checks["batch"].cause


def test_base64_that_says_something_else() -> None:
    class Swapped(CausalServer):
        def embeddings(self, asked: Asked) -> Reply:
            self.spoil = np.fliplr if asked.document["encoding_format"] == "base64" else None
            return super().embeddings(asked)

    _, checks = examined(Swapped())
    assert failures(checks) == {"encodings"}


def test_what_an_earlier_fault_makes_pointless_is_skipped_with_a_word() -> None:
    _, checks = examined(CausalServer(noise=0.2))
    for name in ("order", "batch", "end token", "pooling", "instruction"):
        assert checks[name].status is Status.SKIP
        assert "determinism" in checks[name].message
    assert checks["texts a request"].status is Status.PASS


def test_fewer_texts_a_request_than_carrel_sends_are_named() -> None:
    fake = CausalServer()
    fake.max_texts = 8
    _, checks = examined(fake)
    assert failures(checks) == set()
    assert "CARREL_EMBEDDER_BATCH_TEXTS=8" in checks["texts a request"].advice


def test_a_server_that_is_busy_every_third_time_is_asked_again() -> None:
    class Busy(CausalServer):
        def embeddings(self, asked: Asked) -> Reply:
            if len(self.asked) % 3 == 0:
                return json_reply({"error": {"message": "busy"}}, 429, Retry_After="0.01")
            return super().embeddings(asked)

    _, checks = examined(Busy())
    assert failures(checks) | warnings(checks) == set()


# What a server says of itself


@pytest.mark.parametrize(
    ("paths", "kind", "flag"),
    [
        ({"/version": {"version": "0.32.0"}}, Kind.VLLM, '--pooler-config \'{"pooling_type":"LAST"}\''),
        (
            {"/props": {"default_generation_settings": {"n_ctx": 2048}, "build_info": "b1"}},
            Kind.LLAMA_CPP,
            "--pooling last",
        ),
        ({"/api/version": {"version": "0.9"}}, Kind.OLLAMA, "pooling_type is last"),
        (
            {"/info": {"model_id": "m", "model_type": {"embedding": {"pooling": "mean"}}, "version": "1.9"}},
            Kind.TEI,
            "--pooling last-token",
        ),
    ],
)
def test_the_server_is_recognised_and_its_own_flag_is_named(
    paths: dict[str, object], kind: Kind, flag: str
) -> None:
    examination, checks = examined(CausalServer(pooling="mean", paths=paths))
    assert examination.subject.facts.kind is kind
    assert failures(checks) == {"pooling"}
    assert flag in checks["pooling"].advice


def test_nothing_of_a_remembered_prefix_is_used_with_llama_cpp() -> None:
    fake = CausalServer(paths={"/props": {"default_generation_settings": {"n_ctx": 2048}}})
    examined(fake)
    assert all(asked.document["cache_prompt"] is False for asked in fake.asked)


# The model card's figures


@pytest.mark.parametrize(
    ("name", "error", "status"),
    [
        ("Qwen3-Embedding-4B", 0.0, Status.PASS),
        ("Qwen3-Embedding-4B", 0.03, Status.FAIL),
        ("Qwen3-Embedding-4B-Q8_0.gguf", 0.03, Status.PASS),
        ("Qwen3-Embedding-4B-Q4_K_M.gguf", 0.07, Status.FAIL),
    ],
)
def test_published_figures(name: str, error: float, status: Status) -> None:
    similarities = np.array(SIMILARITIES["Qwen3-Embedding-4B"]) + error
    # Documents are axes; a question's similarities are its coordinates on them.
    rest = np.sqrt(1 - (similarities**2).sum(axis=1, keepdims=True))
    questions = np.hstack([similarities, rest])
    rows = {"What": questions[0], "Expl": questions[1], "The ": np.eye(3)[0], "Grav": np.eye(3)[1]}

    def of(text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        words = text.rpartition("Query:")[2]
        return np.asarray(rows[words[:4]])

    fake = EmbeddingServerFake()
    fake.model = name
    fake.vectors = lambda texts: np.stack([of(text) for text in texts]).astype(np.float32)
    with serving(fake) as url:
        wire = Wire(endpoint_at(url, "CARREL_EMBEDDER"), 10)
        check = published_check(Subject(wire, name, named_profile("Qwen3-Embedding-4B")))
        wire.close()
    assert check.status is status


@pytest.mark.parametrize(
    ("name", "quantised"),
    [
        ("Qwen/Qwen3-Embedding-4B", False),
        ("Qwen3-Embedding-4B-Q8_0.gguf", True),
        ("qwen3-embedding:4b-q4_K_M", True),
        ("Qwen3-Embedding-4B-AWQ", True),
        ("Qwen3-Embedding-0.6B-f16", False),
        ("Qwen3-Embedding-8B-FP8", True),
    ],
)
def test_quantised_names(name: str, quantised: bool) -> None:
    assert is_quantised(name) is quantised


# Throughput


def test_throughput_has_a_curve_and_a_best_setting() -> None:
    examination, checks = examined(CausalServer(), plan=Plan(throughput_seconds=1.0))
    assert checks["throughput"].status is Status.PASS
    assert "CARREL_EMBEDDER_BATCH_TEXTS=" in checks["throughput"].message
    assert examination.curve[0].batch == 1
    assert all(speed.texts_per_second > 0 < speed.p50_ms for speed in examination.curve)


def test_the_smallest_of_the_fast_settings_is_the_best() -> None:
    curve = [Speed(1, 1, 10, 1, 1), Speed(8, 1, 97, 1, 1), Speed(32, 1, 100, 1, 1), Speed(8, 2, 99, 1, 1)]
    assert best_of(curve) == curve[1]


def test_more_requests_at_once_are_advised_only_where_they_were_not_tried() -> None:
    curve = [Speed(1, 1, 200, 1, 1), Speed(1, 2, 400, 1, 1), Speed(1, 4, 700, 1, 1)]
    assert advised_requests(curve) == 8
    assert advised_requests([*curve, Speed(1, 8, 90, 1, 1)]) == 4


def test_facts_are_empty_of_a_server_that_tells_none() -> None:
    examination, _ = examined(CausalServer())
    assert examination.subject.facts == ServerFacts()
