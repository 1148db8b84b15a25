"""Measures what number format the embedded model should compute in (ADR 0005).

    python benchmarks/number_format.py DATA [--cache DIR] [--limit N] [--formats float32 int8-pc …]

DATA holds ``ret_scifact`` and ``ret_cranfield`` (corpus.jsonl, queries.jsonl, qrels.tsv) and
``minilm_reference_vectors.json``. For each format: speed on texts of 215 and 24 tokens; how far
vectors lie from the official ones, from themselves in company, and from themselves after the last bit
of the normalisation weights was changed (as another processor or another release of ONNX Runtime
changes intermediate results); nDCG@10 (Järvelin & Kekäläinen 2002) of the
vectors alone and fused with BM25 (Robertson et al. 1994; k1 1.2, b .75, Snowball stems), each
signal's scores brought to 0..1 per query over the whole corpus, half and half.

Vectors are kept in the cache folder, so that a second run only measures speed.
"""

import argparse
import json
import logging
import platform
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import Stemmer
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnxruntime.capi._pybind_state import quantize_matmul_8bits
from onnxruntime.quantization import QuantType, quantize_dynamic

from carrel.engines.minilm import MAX_TOKENS
from carrel.engines.models import prepare_model
from carrel.engines.weights import TOKENIZER
from carrel.engines.word_pieces import WordPieces

Floats = NDArray[np.float32]
QUANTISED = {
    "int8-tensor": {"weight_type": QuantType.QInt8},
    "int8-pc": {"weight_type": QuantType.QInt8, "per_channel": True},
    "int8-pc-7bit": {"weight_type": QuantType.QInt8, "per_channel": True, "reduce_range": True},
    "uint8-pc": {"weight_type": QuantType.QUInt8, "per_channel": True},
}
BLOCKWISE = "int8-block32"  # activations quantised by row and block: rows do not influence one another
ALL_FORMATS = ("float32", *QUANTISED, BLOCKWISE)
BATCH_TOKENS = {"float32": 512, BLOCKWISE: 512}  # others one text a call: rows would depend on companions


class Runner:
    """One graph, run on lists of token numbers."""

    def __init__(self, graph: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(graph), options, ["CPUExecutionProvider"])

    def __call__(self, tokens: Sequence[list[int]], batch_tokens: int) -> Floats:
        vectors = np.empty((len(tokens), 384), np.float32)
        order = sorted(range(len(tokens)), key=lambda row: -len(tokens[row]))
        while order:
            batch = max(1, batch_tokens // len(tokens[order[0]]))
            rows, order = order[:batch], order[batch:]
            ids = np.zeros((len(rows), max(len(tokens[row]) for row in rows)), np.int32)
            mask = np.zeros_like(ids)
            for place, row in enumerate(rows):
                ids[place, : len(tokens[row])] = tokens[row]
                mask[place, : len(tokens[row])] = 1
            vectors[rows] = self._session.run(None, {"tokens": ids, "mask": mask})[0]
        unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


def graph_of(number_format: str, float32: Path, folder: Path) -> Path:
    """Return the graph in that format, quantised from the float32 one if need be."""
    if number_format == "float32":
        return float32
    target = folder / f"{number_format}.onnx"
    if target.exists():
        return target
    whole = folder / "float32-whole.onnx"
    onnx.save(onnx.load(float32), whole)
    if number_format == BLOCKWISE:
        onnx.save(_blockwise(onnx.load(whole), 32), target)
    else:
        quantize_dynamic(
            whole,
            target,
            op_types_to_quantize=["MatMul", "Attention"],
            extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
            **QUANTISED[number_format],
        )
    return target


def _blockwise(model: onnx.ModelProto, block: int) -> onnx.ModelProto:
    """Exchange the matrix products outside the attention for MatMulNBits with 8 bits."""
    constants = {item.name: item for item in model.graph.initializer}
    nodes = list(model.graph.node)
    for place, node in enumerate(nodes):
        if node.op_type != "MatMul":
            continue
        name = node.input[1]
        weight = np.ascontiguousarray(numpy_helper.to_array(constants[name]))
        rows, columns = weight.shape
        blocks = rows // block
        packed = np.zeros((columns, blocks, block), np.uint8)
        scales = np.zeros(columns * blocks, np.float32)
        zeros = np.zeros(columns * blocks, np.uint8)
        quantize_matmul_8bits(packed, weight, scales, zeros, block, columns, rows, True)
        model.graph.initializer.remove(constants[name])
        model.graph.initializer.append(numpy_helper.from_array(packed, name + ".8"))
        model.graph.initializer.append(numpy_helper.from_array(scales, name + ".scales"))
        nodes[place] = helper.make_node(
            "MatMulNBits",
            [node.input[0], name + ".8", name + ".scales"],
            list(node.output),
            domain="com.microsoft",
            K=rows,
            N=columns,
            bits=8,
            block_size=block,
            accuracy_level=4,
        )
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


@dataclass(frozen=True)
class Judged:
    """A judged set: documents, queries, and the grade of each judged pair by row numbers."""

    name: str
    documents: list[str]
    queries: list[str]
    grades: list[dict[int, int]]


def read_judged(folder: Path, limit: int | None) -> Judged:
    """Read a judged set; with a limit, only so many documents beside the judged ones."""
    corpus = [json.loads(line) for line in (folder / "corpus.jsonl").open(encoding="utf-8")]
    judgments: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        if int(grade) > 0:
            judgments.setdefault(query, {})[document] = int(grade)
    if limit is not None:
        wanted = {document for grades in judgments.values() for document in grades}
        corpus = [row for place, row in enumerate(corpus) if place < limit or row["id"] in wanted]
    rows = {row["id"]: place for place, row in enumerate(corpus)}
    queries = [json.loads(line) for line in (folder / "queries.jsonl").open(encoding="utf-8")]
    queries = [row for row in queries if row["id"] in judgments]
    return Judged(
        folder.name,
        [f"{row['title']} {row['abstract']}".strip() for row in corpus],
        [row["text"] for row in queries],
        [
            {rows[document]: grade for document, grade in judgments[row["id"]].items() if document in rows}
            for row in queries
        ],
    )


def bm25(documents: Sequence[str], queries: Sequence[str], k1: float = 1.2, b: float = 0.75) -> Floats:
    """Return [queries, documents]."""
    stem = Stemmer.Stemmer("english").stemWords
    counts = [Counter(stem(re.findall(r"\w+", text.lower()))) for text in documents]
    lengths = np.array([sum(count.values()) for count in counts], np.float32)
    norms = k1 * (1 - b + b * lengths / lengths.mean())
    postings: dict[str, list[tuple[int, int]]] = {}
    for row, count in enumerate(counts):
        for term, times in count.items():
            postings.setdefault(term, []).append((row, times))
    scores = np.zeros((len(queries), len(documents)), np.float32)
    for place, query in enumerate(queries):
        for term in stem(re.findall(r"\w+", query.lower())):
            if hits := postings.get(term):
                rows, times = np.array(hits).T
                idf = np.log(1 + (len(documents) - len(hits) + 0.5) / (len(hits) + 0.5))
                scores[place, rows] += idf * times * (k1 + 1) / (times + norms[rows])
    return scores


def ndcg(scores: Floats, grades: Sequence[dict[int, int]], depth: int = 10) -> float:
    """Return the mean nDCG at ``depth`` with linear gains, as trec_eval computes it."""
    discounts = 1 / np.log2(np.arange(depth) + 2)
    values = []
    for row, judged in zip(scores, grades, strict=True):
        found = [judged.get(int(place), 0) for place in np.argsort(-row, kind="stable")[:depth]]
        best = sorted(judged.values(), reverse=True)[:depth]
        values.append(np.dot(found, discounts[: len(found)]) / np.dot(best, discounts[: len(best)]))
    return float(np.mean(values))


def to_unit_range(scores: Floats) -> Floats:
    """Bring each query's scores to 0..1."""
    low = scores.min(axis=1, keepdims=True)
    spread = scores.max(axis=1, keepdims=True) - low
    ranged: Floats = (scores - low) / np.where(spread > 0, spread, np.float32(1))
    return ranged


class Bench:
    """Everything that is measured of one set of formats."""

    def __init__(self, data: Path, cache: Path, limit: int | None, threads: int) -> None:
        self._data, self._cache, self._threads = data, cache, threads
        cache.mkdir(parents=True, exist_ok=True)
        self._float32 = prepare_model("all-MiniLM-L6-v2", cache, announce=print)
        self._pieces = WordPieces(self._float32.with_name(TOKENIZER.name))
        self._sets = [read_judged(data / name, limit) for name in ("ret_scifact", "ret_cranfield")]

    def runner(self, number_format: str) -> Runner:
        return Runner(graph_of(number_format, self._float32, self._cache), self._threads)

    def speeds(self, formats: Sequence[str], rounds: int = 5) -> dict[str, list[float]]:
        """Return texts a second at 215 and 24 tokens: the best of rounds in which formats take turns."""
        tokens = [self._pieces.ids(text, MAX_TOKENS) for text in self._sets[0].documents[:600]]
        samples = [[row[:215] for row in tokens if len(row) >= 215][:48], [row[:24] for row in tokens][:128]]
        runners = {name: self.runner(name) for name in formats}
        best = {name: [0.0, 0.0] for name in formats}
        for _ in range(rounds):
            for name, runner in runners.items():
                for place, sample in enumerate(samples):
                    start = time.perf_counter()
                    runner(sample, BATCH_TOKENS.get(name, 0))
                    speed = len(sample) / (time.perf_counter() - start)
                    best[name][place] = max(best[name][place], speed)
        return best

    def cosines(self, number_format: str) -> tuple[float, float]:
        """Return the lowest cosine with the reference vectors, and alone against in company."""
        reference = json.loads((self._data / "minilm_reference_vectors.json").read_text(encoding="utf-8"))
        tokens = [self._pieces.ids(text, MAX_TOKENS) for text in reference["texts"]]
        runner = self.runner(number_format)
        alone, company = runner(tokens, 0), runner(tokens, 10_000)
        official = np.array(reference["vectors"], np.float32)
        return float((alone * official).sum(1).min()), float((alone * company).sum(1).min())

    def steadiness(self, number_format: str) -> tuple[float, float]:
        """Return lowest and median cosine with the same graph, its layer norms one bit off."""
        graph = graph_of(number_format, self._float32, self._cache)
        model = onnx.load(graph)
        signs = np.random.default_rng(0)
        for constant in model.graph.initializer:
            if "LayerNorm" in constant.name:
                values = numpy_helper.to_array(constant)
                towards = (np.inf * signs.choice([-1, 1], values.shape)).astype(np.float32)
                moved = np.nextafter(values, towards)
                constant.CopyFrom(numpy_helper.from_array(moved, constant.name))
        moved_graph = self._cache / "moved.onnx"
        onnx.save(model, moved_graph)
        texts = [*self._sets[0].documents[:60], *self._sets[0].queries[:60]]
        tokens = [self._pieces.ids(text, MAX_TOKENS) for text in texts]
        batch = BATCH_TOKENS.get(number_format, 0)
        there = Runner(moved_graph, self._threads)(tokens, batch)
        cosines = (self.runner(number_format)(tokens, batch) * there).sum(1)
        return float(cosines.min()), float(np.median(cosines))

    def quality(self, number_format: str) -> dict[str, float]:
        """Return nDCG@10 by set, of vectors alone and fused."""
        result = {}
        for judged in self._sets:
            documents = self._vectors(judged.name, number_format, "documents", judged.documents)
            queries = self._vectors(judged.name, number_format, "queries", judged.queries)
            dense = queries @ documents.T
            words = bm25(judged.documents, judged.queries)
            result[f"{judged.name} dense"] = ndcg(dense, judged.grades)
            result[f"{judged.name} bm25"] = ndcg(words, judged.grades)
            fused = (to_unit_range(dense) + to_unit_range(words)) / 2
            result[f"{judged.name} fused"] = ndcg(fused.astype(np.float32), judged.grades)
        return result

    def _vectors(self, name: str, number_format: str, kind: str, texts: Sequence[str]) -> Floats:
        path = self._cache / f"{name}-{kind}-{len(texts)}-{number_format}.npy"
        if not path.exists():
            tokens = [self._pieces.ids(text, MAX_TOKENS) for text in texts]
            start = time.perf_counter()
            vectors = self.runner(number_format)(tokens, BATCH_TOKENS.get(number_format, 0))
            print(f"  {path.name}: {len(texts) / (time.perf_counter() - start):.1f} texts/s", flush=True)
            np.save(path, vectors)
        return np.asarray(np.load(path), np.float32)


def saturates(weight: int) -> bool:
    """Say whether this processor adds up products with so large a weight wrongly (vpmaddubsw, 16 bits)."""
    weights = numpy_helper.from_array(np.full((64, 32), weight, np.int8), "b")
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["y"])],
        "product",
        [helper.make_tensor_value_info("a", onnx.TensorProto.UINT8, [None, 64])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.INT32, None)],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(None, {"a": np.full((8, 64), 255, np.uint8)})[0]
    return bool((found != 255 * 64 * weight).any())


def machine() -> str:
    """Name the processor and the versions that decide the figures."""
    model = platform.processor() or platform.machine()
    flags = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        fields = dict(re.findall(r"^(model name|flags)\s*: (.*)$", cpuinfo.read_text(), re.M))
        model = fields.get("model name", model)
        wanted = ("avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8")
        flags = " ".join(flag for flag in wanted if flag in fields.get("flags", "").split())
    return f"{model} [{flags}], onnxruntime {onnxruntime.__version__}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("/tmp/carrel-number-format"))
    parser.add_argument("--formats", nargs="+", choices=ALL_FORMATS, default=list(ALL_FORMATS))
    parser.add_argument("--limit", type=int, help="documents of each set beside the judged ones")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--speed-only", action="store_true")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)  # the quantiser's advice
    bench = Bench(arguments.data, arguments.cache, arguments.limit, arguments.threads)
    print(machine(), f"{arguments.threads} threads", flush=True)
    print(f"int8 saturates: weights of 8 bits {saturates(127)}, of 7 bits {saturates(64)}", flush=True)
    for name, (long, short) in bench.speeds(arguments.formats).items():
        print(f"{name:14} 215 tokens: {long:6.1f}/s   24 tokens: {short:6.1f}/s", flush=True)
    for name in arguments.formats:
        reference, company = bench.cosines(name)
        print(f"{name:14} lowest cosine: reference {reference:.5f}, alone/company {company:.7f}", flush=True)
        low, median = bench.steadiness(name)
        print(f"{name:14} cosine, one bit off: lowest {low:.6f}, median {median:.6f}", flush=True)
    for name in () if arguments.speed_only else arguments.formats:
        figures = "  ".join(f"{key} {value:.4f}" for key, value in bench.quality(name).items())
        print(f"{name:14} nDCG@10: {figures}", flush=True)


if __name__ == "__main__":
    main()
