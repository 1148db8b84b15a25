"""Builds the ONNX graph of all-MiniLM-L6-v2 from its official weights.

The network is BERT (Devlin et al. 2019) with 6 layers of MiniLM (Wang et al. 2020), its token
states averaged (Reimers & Gurevych 2019). The graph is written directly in ONNX Runtime's fused
operators: nothing is left for its optimiser to recognise, so loading takes a tenth of a second.

The table of word pieces, half of all weights, stays in ``model.safetensors``: the graph refers to it
there, ONNX Runtime maps it, and only rows that are used are ever read.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from carrel.engines.safetensors import Tensor, read_safetensors
from carrel.engines.weights import TENSORS, flush_to_disk

LAYERS = 6
HEADS = 12
WIDTH = 384
POSITIONS = 256  # the model was trained for this many; the table has 512
TOKENS, MASK, SUMS = "tokens", "mask", "sums"

_EPSILON = 1e-12
_FUSED = "com.microsoft"
_OPSETS = (("", 17), (_FUSED, 1))
_IR_VERSION = 8  # readable by every ONNX Runtime since 1.13


def write_graph(tensors: Path, target: Path) -> None:
    """Build the graph of the verified ``model.safetensors`` and write it beside that file.

    The graph takes ``tokens`` and ``mask`` (int32, [texts, length], padded on the right with mask
    0) and gives ``sums`` (float32, [texts, 384]): each text's token states added up. Dividing by
    their number is left out because the vector is brought to length 1 afterwards.

    Raises:
        MalformedSafetensors, KeyError: the file holds something else.
        OSError: reading or writing failed.
    """
    model = _Builder(read_safetensors(tensors)).model()
    with target.open("wb") as stream:
        stream.write(model.SerializeToString())
        flush_to_disk(stream)


class _Builder:
    """Collects nodes and constants; one call to ``model``."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def model(self) -> onnx.ModelProto:
        states = self._embeddings()
        for layer in range(LAYERS):
            states = self._layer(f"encoder.layer.{layer}.", states)
        self._pool(states)
        shape = ["texts", "length"]
        graph = helper.make_graph(
            self._nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name in (TOKENS, MASK)],
            [helper.make_tensor_value_info(SUMS, TensorProto.FLOAT, ["texts", WIDTH])],
            self._constants,
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)

    def _embeddings(self) -> str:
        # Every text is one segment, so the segment's row is added to the positions once and for all.
        prefix = "embeddings."
        segment = self._array(prefix + "token_type_embeddings.weight")[0]
        positions = self._array(prefix + "position_embeddings.weight")[:POSITIONS] + segment
        words = self._in_weights_file(prefix + "word_embeddings.weight")
        inputs = [TOKENS, "", words, self._constant("positions", positions), ""]
        inputs += [*self._norm(prefix + "LayerNorm"), MASK]
        self._add("EmbedLayerNormalization", inputs, ["embedded", "lengths"], epsilon=_EPSILON)
        return "embedded"

    def _layer(self, prefix: str, states: str) -> str:
        attended = self._attention(prefix, states)
        mixed = self._times(attended, prefix + "attention.output.dense")
        after_attention = self._add_and_norm(mixed, states, prefix + "attention.output")
        wide = self._times(after_attention, prefix + "intermediate.dense")
        bias = self._own(prefix + "intermediate.dense.bias")
        bent = self._add("BiasGelu", [wide, bias], [prefix + "gelu"])
        narrow = self._times(bent, prefix + "output.dense")
        return self._add_and_norm(narrow, after_attention, prefix + "output")

    def _attention(self, prefix: str, states: str) -> str:
        parts = [f"{prefix}attention.self.{name}" for name in ("query", "key", "value")]
        weight = np.concatenate([self._array(part + ".weight").T for part in parts], axis=1)
        bias = np.concatenate([self._array(part + ".bias") for part in parts])
        inputs = [states, self._constant(prefix + "qkv", weight), self._constant(prefix + "qkv.bias", bias)]
        return self._add("Attention", [*inputs, "lengths"], [prefix + "attention"], num_heads=HEADS)

    def _times(self, states: str, name: str) -> str:
        weight = self._constant(name, self._array(name + ".weight").T)
        return self._add("MatMul", [states, weight], [name + ".out"], domain="")

    def _add_and_norm(self, states: str, skipped: str, prefix: str) -> str:
        inputs = [states, skipped, *self._norm(prefix + ".LayerNorm"), self._own(prefix + ".dense.bias")]
        return self._add("SkipLayerNormalization", inputs, [prefix + ".out"], epsilon=_EPSILON)

    def _pool(self, states: str) -> None:
        last_axis = self._constant("last_axis", np.array([2], np.int64))
        length_axis = self._constant("length_axis", np.array([1], np.int64))
        self._add("Cast", [MASK], ["mask.float"], domain="", to=TensorProto.FLOAT)
        self._add("Unsqueeze", ["mask.float", last_axis], ["mask.wide"], domain="")
        self._add("Mul", [states, "mask.wide"], ["masked"], domain="")
        self._add("ReduceSum", ["masked", length_axis], [SUMS], domain="", keepdims=0)

    def _norm(self, prefix: str) -> tuple[str, str]:
        return self._own(prefix + ".weight"), self._own(prefix + ".bias")

    def _array(self, name: str) -> NDArray[np.float32]:
        return self._weights[name].values

    def _own(self, name: str) -> str:
        return self._constant(name, self._array(name))

    def _constant(self, name: str, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _in_weights_file(self, name: str) -> str:
        """Refer to a tensor where it stands in ``model.safetensors``, beside the graph."""
        tensor = self._weights[name]
        constant = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=tensor.values.shape)
        constant.data_location = TensorProto.EXTERNAL
        place = {"location": TENSORS.name, "offset": tensor.offset, "length": tensor.length}
        for key, value in place.items():
            constant.external_data.add(key=key, value=str(value))
        self._constants.append(constant)
        return name

    def _add(
        self,
        operator: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        domain: str = _FUSED,
        **attributes: float,
    ) -> str:
        """Add a node and return the name of its first output."""
        node = helper.make_node(operator, inputs, outputs, domain=domain)
        node.attribute.extend(helper.make_attribute(name, value) for name, value in attributes.items())
        self._nodes.append(node)
        return outputs[0]
