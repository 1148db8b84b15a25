"""How much of a GPU's matrix rate embedding with a 4B-shaped model uses, and what bounds documents a second.

Random weights in the shape of Qwen3-Embedding-4B: the arithmetic is that of the real model, and nothing is
downloaded. Needs a GPU, PyTorch and transformers, which Carrel itself does not:

    pip install torch transformers && python -m benchmarks.gpu_throughput

Prints tokens and documents a second at 32 documents of 512 tokens in bfloat16, the arithmetic that takes, the
chip's rate measured with one large matrix product, and the share. A passage of 512 tokens takes about
2 × parameters × tokens = 3.7 TFLOP (embedding table not counted), so documents a second are bounded by the
chip's rate divided by that.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

from benchmarks.machine import describe, heading

# The published configuration of Qwen3-Embedding-4B.
_LAYERS, _HIDDEN, _HEADS, _KV_HEADS, _HEAD_DIM, _INNER, _VOCABULARY = 36, 2560, 32, 8, 128, 9728, 151_665


def flop_a_document(tokens: int) -> float:
    """Return the arithmetic of one document, in FLOP: two a weight and token, and the attention."""
    attention = _HIDDEN * _HEAD_DIM * (2 * _HEADS + 2 * _KV_HEADS)
    weights = _LAYERS * (attention + 3 * _HIDDEN * _INNER)
    causal = _LAYERS * 2 * tokens * tokens * _HEADS * _HEAD_DIM  # both products, half of them masked
    return 2.0 * weights * tokens + causal


def seconds_of(work: Callable[[], None], synchronise: Callable[[], None], runs: int) -> float:
    """Return the median seconds of some work on the device, after warming up."""
    taken = []
    for run in range(runs + 3):
        synchronise()
        began = time.perf_counter()
        work()
        synchronise()
        if run >= 3:
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    arguments.add_argument("--batch", type=int, default=32)
    arguments.add_argument("--tokens", type=int, default=512)
    arguments.add_argument("--runs", type=int, default=20)
    chosen = arguments.parse_args()
    try:
        import torch
        from transformers import Qwen3Config, Qwen3Model
    except ImportError as error:
        sys.exit(f"This benchmark needs PyTorch and transformers ({error}): pip install torch transformers")
    if not torch.cuda.is_available():
        sys.exit("There is no GPU on this machine: nothing to measure.")
    config = Qwen3Config(
        num_hidden_layers=_LAYERS,
        hidden_size=_HIDDEN,
        num_attention_heads=_HEADS,
        num_key_value_heads=_KV_HEADS,
        head_dim=_HEAD_DIM,
        intermediate_size=_INNER,
        vocab_size=_VOCABULARY,
        max_position_embeddings=32768,
        dtype="bfloat16",
        attn_implementation="sdpa",
    )
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = Qwen3Model(config).eval()
        tokens = torch.randint(0, _VOCABULARY, (chosen.batch, chosen.tokens))
        square = torch.randn(8192, 8192)

    def embed() -> None:
        with torch.inference_mode():
            last = model(input_ids=tokens, use_cache=False).last_hidden_state[:, -1]
            torch.nn.functional.normalize(last.float(), dim=-1)

    def multiply() -> None:
        torch.matmul(square, square)

    seconds = seconds_of(embed, torch.cuda.synchronize, chosen.runs)
    product = seconds_of(multiply, torch.cuda.synchronize, chosen.runs)
    chip = 2.0 * 8192**3 / product
    used = chosen.batch * flop_a_document(chosen.tokens) / seconds
    print(heading(f"Throughput of a 4B-shaped model: {chosen.batch} documents of {chosen.tokens} tokens"))
    print(f"{torch.cuda.get_device_name()}; {describe()}\n")
    print("| documents/s | tokens/s | TFLOP/s used | TFLOP/s of the chip | share | documents/s at most |")
    print("|---|---|---|---|---|---|")
    print(
        f"| {chosen.batch / seconds:.1f} | {chosen.batch * chosen.tokens / seconds:.0f} | {used / 1e12:.0f} "
        f"| {chip / 1e12:.0f} | {used / chip:.0%} | {chip / flop_a_document(chosen.tokens):.0f} |"
    )


if __name__ == "__main__":
    main()
