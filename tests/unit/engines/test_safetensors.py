import json
from pathlib import Path

import numpy as np
import pytest

from carrel.engines.safetensors import MalformedSafetensors, read_safetensors

VALUES = np.arange(6, dtype="<f4").reshape(2, 3)


def write(path: Path, header: object, numbers: bytes = VALUES.tobytes(), length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + numbers)
    return path


def entry(**changes: object) -> dict[str, object]:
    return {"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]} | changes}


def test_values_and_their_place_in_the_file(tmp_path: Path) -> None:
    ids = {"dtype": "I64", "shape": [1], "data_offsets": [24, 32]}
    header = entry() | {"ids": ids, "__metadata__": {"format": "pt"}}
    path = write(tmp_path / "f", header, VALUES.tobytes() + bytes(8))
    tensors = read_safetensors(path)
    assert set(tensors) == {"a"}
    np.testing.assert_array_equal(tensors["a"].values, VALUES)
    where = slice(tensors["a"].offset, tensors["a"].offset + tensors["a"].length)
    assert path.read_bytes()[where] == VALUES.tobytes()


def test_a_scalar_has_an_empty_shape(tmp_path: Path) -> None:
    path = write(tmp_path / "f", entry(shape=[], data_offsets=[20, 24]))
    assert float(read_safetensors(path)["a"].values) == 5


@pytest.mark.parametrize(
    "header",
    [
        b"{not json",
        b"\xff\xfe",
        [],
        {"a": "F32"},
        entry(shape=None),
        entry(shape=[2, -3]),
        entry(shape=[2.0, 3]),
        entry(shape=[True, 6]),
        entry(shape=[2, 2]),
        entry(data_offsets=[0]),
        entry(data_offsets=[0, 48]),
        entry(data_offsets=[24, 0]),
        entry(data_offsets=[-24, 0]),
    ],
    ids=str,
)
def test_a_malformed_header_is_refused(tmp_path: Path, header: object) -> None:
    with pytest.raises(MalformedSafetensors):
        read_safetensors(write(tmp_path / "f", header))


@pytest.mark.parametrize("length", [10_000, 2**63, 2**64 - 1])
def test_a_header_longer_than_the_file_is_refused(tmp_path: Path, length: int) -> None:
    with pytest.raises(MalformedSafetensors, match="header"):
        read_safetensors(write(tmp_path / "f", entry(), length=length))


def test_a_file_too_short_for_a_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1234567")
    with pytest.raises(MalformedSafetensors, match="shorter"):
        read_safetensors(tmp_path / "f")
