"""Qwen3's forward pass in numpy, written from its definition: what every engine must agree with.

Qwen3 Technical Report (2025), section 2: RMSNorm before each part, grouped-query attention with norms of
queries and keys, rotary positions, SwiGLU. Vectors as in Qwen3-Embedding: the last token's state behind
the final norm, of length 1.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from carrel.core.space import Vectors
from tests.models.tiny_qwen3 import Shape, TinyQwen3, Weights

Floats = NDArray[np.float64]


def embed(model: TinyQwen3, texts: Sequence[str]) -> Vectors:
    """Return [texts, hidden_size], rows of length 1."""
    rows = [last_state(model, model.tokens.ids(text)) for text in texts]
    return np.array([row / np.linalg.norm(row) for row in rows], np.float32)


def relevance(model: TinyQwen3, prompt: str) -> float:
    """Return the share of "yes" against "no" behind a reranker's prompt, which has no end token."""
    state = last_state(model, model.tokens.ids(prompt, end=False))
    heads = model.weights["model.embed_tokens.weight"].astype(np.float64)
    no, yes = (float(heads[model.tokens.id(word)] @ state) for word in ("no", "yes"))
    return 1 / (1 + float(np.exp(no - yes)))


def last_state(model: TinyQwen3, ids: Sequence[int]) -> Floats:
    """Return the last token's state behind the final norm, [hidden_size]."""
    last: Floats = all_states(model, ids)[-1]
    return last


def all_states(model: TinyQwen3, ids: Sequence[int]) -> Floats:
    """Return every token's state behind the final norm, [tokens, hidden_size]; each looks back only."""
    shape, weights = model.shape, model.weights
    states: Floats = weights["model.embed_tokens.weight"].astype(np.float64)[list(ids)]
    turns = _turns(shape, len(ids))
    for number in range(shape.num_hidden_layers):
        prefix = f"model.layers.{number}."
        layer = {
            name.removeprefix(prefix).removesuffix(".weight"): value
            for name, value in weights.items()
            if name.startswith(prefix)
        }
        states = states + _attention(
            shape, layer, _norm(states, layer["input_layernorm"], shape.rms_norm_eps), turns
        )
        states = states + _mlp(layer, _norm(states, layer["post_attention_layernorm"], shape.rms_norm_eps))
    return _norm(states, weights["model.norm.weight"], shape.rms_norm_eps)


def _norm(states: Floats, weight: NDArray[np.float32], epsilon: float) -> Floats:
    scaled: Floats = states / np.sqrt((states**2).mean(axis=-1, keepdims=True) + epsilon) * weight
    return scaled


def _turns(shape: Shape, length: int) -> tuple[Floats, Floats]:
    """Return cosine and sine of every position's rotation, [positions, 1, head_dim / 2]."""
    half = shape.head_dim // 2
    speeds = shape.rope_theta ** (-np.arange(half) / half)
    angles = np.arange(length)[:, None, None] * speeds
    return np.cos(angles), np.sin(angles)


def _rotated(states: Floats, turns: tuple[Floats, Floats]) -> Floats:
    """Turn pairs of values, one of each half, by their position; [positions, heads, head_dim]."""
    cosine, sine = turns
    first, second = np.split(states, 2, axis=-1)
    return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=-1)


def _attention(shape: Shape, layer: Weights, states: Floats, turns: tuple[Floats, Floats]) -> Floats:
    length = len(states)

    def heads(name: str) -> Floats:
        return (states @ layer[f"self_attn.{name}_proj"].T).reshape(length, -1, shape.head_dim)

    queries = _rotated(_norm(heads("q"), layer["self_attn.q_norm"], shape.rms_norm_eps), turns)
    keys = _rotated(_norm(heads("k"), layer["self_attn.k_norm"], shape.rms_norm_eps), turns)
    shared = shape.num_attention_heads // shape.num_key_value_heads
    keys, values = np.repeat(keys, shared, axis=1), np.repeat(heads("v"), shared, axis=1)
    scores = np.einsum("qhd,khd->hqk", queries, keys) / np.sqrt(shape.head_dim)
    scores = np.where(np.tri(length, dtype=bool), scores, -np.inf)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    mixed = np.einsum("hqk,khd->qhd", shares, values).reshape(length, -1)
    out: Floats = mixed @ layer["self_attn.o_proj"].T
    return out


def _mlp(layer: Weights, states: Floats) -> Floats:
    gate = states @ layer["mlp.gate_proj"].T
    out: Floats = (gate / (1 + np.exp(-gate)) * (states @ layer["mlp.up_proj"].T)) @ layer["mlp.down_proj"].T
    return out
