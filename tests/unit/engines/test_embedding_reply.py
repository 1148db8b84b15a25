"""Replies of embedding servers: what is read, and what is refused with its reason."""

import base64
import re

import numpy as np
import pytest

from carrel.engines.embedding_reply import UnusableReply, read_vectors, unit
from tests.fakes.embedding_server import embeddings_document

VECTORS = np.array([[3, 4, 0], [0, 0.5, 0], [-1, 1, 1]], np.float32)


def with_rows(*rows: object) -> dict[str, object]:
    return {"data": [{"index": index, "embedding": row} for index, row in enumerate(rows)]}


@pytest.mark.parametrize("as_base64", [True, False])
def test_numbers_and_base64_are_read_alike(as_base64: bool) -> None:
    found = read_vectors(embeddings_document(VECTORS, as_base64=as_base64), 3)
    np.testing.assert_array_equal(found, VECTORS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(unit(found), axis=1), 1, atol=1e-6)


def test_what_a_real_server_answers_is_read() -> None:
    # vLLM 0.32's answer to one text, cut to four dimensions.
    encoded = base64.b64encode(base64.b64decode("EnIFPcWbOzwZbta9//0kPQ==")).decode()
    found = read_vectors({"object": "list", "data": [{"index": 0, "embedding": encoded}]}, 1, width=4)
    np.testing.assert_allclose(found[0], [0.03258, 0.01145, -0.1047, 0.04028], rtol=0.01)


def test_without_an_index_the_order_of_the_array_counts() -> None:
    rows = [{"embedding": [1.0, 0.0]}, {"embedding": [0.0, 1.0]}]
    np.testing.assert_array_equal(read_vectors({"data": rows}, 2), [[1, 0], [0, 1]])


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "no list of embeddings"),
        ({"data": "x"}, "no list of embeddings"),
        (with_rows([1.0]), "1 vectors for 2 texts"),
        (with_rows([1.0], [2.0], [3.0]), "3 vectors for 2 texts"),
        ({"data": [{"index": 0, "embedding": [1.0]}] * 2}, "doubled"),
        ({"data": [{"index": 7, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]}, "out of range"),
        (with_rows([1.0, 2.0], [1.0]), "1 dimensions, not 2"),
        (with_rows([1.0, float("nan")], [1.0, 1.0]), "no numbers"),
        (with_rows([1.0, 1e400], [1.0, 1.0]), "no numbers"),
        (with_rows([0.0, 0.0], [1.0, 1.0]), "zeros"),
        (with_rows("not base64!", [1.0]), "neither numbers nor base64"),
        (with_rows("AAAA", [1.0]), "neither numbers nor base64"),
        (with_rows(["a"], [1.0]), "neither numbers nor base64"),
        (with_rows([], [1.0]), "neither numbers nor base64"),
        (with_rows(None, [1.0]), "neither numbers nor base64"),
        (with_rows([[1.0, 2.0], [3.0, 4.0]], [1.0]), "neither|dimensions"),
        ({"data": [1, 2]}, "no object"),
    ],
)
def test_an_unusable_reply_says_what_is_wrong_with_it(document: object, reason: str) -> None:
    with pytest.raises(UnusableReply) as caught:
        read_vectors(document, 2)
    assert re.search(reason, str(caught.value))


def test_a_width_that_is_known_is_insisted_on() -> None:
    with pytest.raises(UnusableReply, match="3 dimensions, not 6"):
        read_vectors(embeddings_document(VECTORS), 3, width=6)


def test_large_numbers_keep_their_direction() -> None:
    found = unit(read_vectors(embeddings_document(VECTORS * np.float32(1e25)), 3))
    np.testing.assert_allclose(found, unit(VECTORS), atol=1e-6)
