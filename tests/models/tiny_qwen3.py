"""A tiny Qwen3 embedding model in Hugging Face's layout: random weights, a tokenizer trained on the spot.

Made in about a second without torch, the same on every machine. Its parts are wired as in
Qwen3-Embedding: byte-level BPE behind NFC, the end token put behind every text, last-token pooling.
"""

import json
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

END = "<|endoftext|>"
SPECIAL = (END, "<|im_start|>", "<|im_end|>")
Weights = dict[str, NDArray[np.float32]]

# How Qwen2 and Qwen3 split text before byte pairs are merged; llama.cpp calls it "qwen2".
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_TOKENS = 1024
_WORDS = (
    "the of and in a to is for we this that with learning model neural network graph deep retrieval semantic "
    "search paper embedding vector protein quantum sparse attention transformer language image diffusion "
    "reinforcement policy optimization convex kernel bayesian inference causal dataset benchmark evaluation "
    "training robust adversarial yes no query document instruct 机器 学习 神经 网络 语义 搜索 论文"
)


@dataclass(frozen=True)
class Shape:
    """The shape of a Qwen3: names are those of ``config.json``."""

    hidden_size: int = 128
    num_hidden_layers: int = 3
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 32
    intermediate_size: int = 256
    max_position_embeddings: int = 512
    vocab_size: int = _TOKENS
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1e6


class Tokens:
    """The tokenizer: what is used here of ``tokenizers.Tokenizer``."""

    def __init__(self) -> None:
        from tokenizers import (
            AddedToken,
            Regex,
            Tokenizer,
            decoders,
            models,
            normalizers,
            processors,
            trainers,
        )
        from tokenizers import pre_tokenizers as split

        draw = random.Random(0)
        corpus = [" ".join(draw.choices(_WORDS.split(), k=40)) for _ in range(400)]
        made = Tokenizer(models.BPE())
        made.normalizer = normalizers.NFC()
        made.pre_tokenizer = split.Sequence(
            [
                split.Split(Regex(_SPLIT), "isolated"),
                split.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        alphabet = sorted(split.ByteLevel.alphabet())
        trainer = trainers.BpeTrainer(
            vocab_size=_TOKENS - len(SPECIAL), initial_alphabet=alphabet, show_progress=False
        )
        made.train_from_iterator(corpus, trainer)
        made.decoder = decoders.ByteLevel()
        made.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIAL])
        end = made.token_to_id(END)
        made.post_processor = processors.Sequence(
            [
                processors.ByteLevel(trim_offsets=False),
                processors.TemplateProcessing(
                    single=f"$A {END}", pair=f"$A {END} $B {END}", special_tokens=[(END, end)]
                ),
            ]
        )
        self._made = made

    def ids(self, text: str, end: bool = True) -> list[int]:
        """Return the tokens of a text, by default with the end token behind it."""
        return self._made.encode(text, add_special_tokens=end).ids

    def id(self, token: str) -> int:
        """Return the number of a token of the vocabulary."""
        number = self._made.token_to_id(token)
        assert number is not None
        return number

    def json(self) -> str:
        """Return the tokenizer as ``tokenizer.json`` has it."""
        return self._made.to_str()


@dataclass(frozen=True)
class TinyQwen3:
    """The model: its shape, its weights under Hugging Face's names, and its tokenizer."""

    shape: Shape
    weights: Weights
    tokens: Tokens


def make_tiny_qwen3(seed: int = 0, shape: Shape | None = None) -> TinyQwen3:
    """Make the model; the same for the same seed."""
    return TinyQwen3(shape or Shape(), _weights(shape or Shape(), np.random.default_rng(seed)), Tokens())


def _weights(shape: Shape, draw: np.random.Generator) -> Weights:
    hidden, inner = shape.hidden_size, shape.intermediate_size
    queries = shape.num_attention_heads * shape.head_dim
    keys = shape.num_key_value_heads * shape.head_dim

    def matrix(rows: int, columns: int) -> NDArray[np.float32]:
        return (draw.standard_normal((rows, columns)) * 0.08).astype(np.float32)

    def scale(width: int) -> NDArray[np.float32]:
        # Not all ones: a server that leaves a norm's weights out must show.
        return (1 + draw.standard_normal(width) * 0.2).astype(np.float32)

    weights: Weights = {
        "model.embed_tokens.weight": matrix(shape.vocab_size, hidden),
        "model.norm.weight": scale(hidden),
    }
    for number in range(shape.num_hidden_layers):
        layer = {
            "self_attn.q_proj": matrix(queries, hidden),
            "self_attn.k_proj": matrix(keys, hidden),
            "self_attn.v_proj": matrix(keys, hidden),
            # Attention weighs more than by chance, so that texts with words in common are alike.
            "self_attn.o_proj": 6 * matrix(hidden, queries),
            "self_attn.q_norm": scale(shape.head_dim),
            "self_attn.k_norm": scale(shape.head_dim),
            "mlp.gate_proj": matrix(inner, hidden),
            "mlp.up_proj": matrix(inner, hidden),
            "mlp.down_proj": matrix(hidden, inner),
            "input_layernorm": scale(hidden),
            "post_attention_layernorm": scale(hidden),
        }
        weights |= {f"model.layers.{number}.{name}.weight": value for name, value in layer.items()}
    return weights


def write_checkpoint(model: TinyQwen3, folder: Path) -> Path:
    """Write the model as it would lie in a repository of the model hub, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(model.tokens.json(), encoding="utf-8")
    _write_safetensors(model.weights, folder / "model.safetensors")
    for name, content in _settings(model).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return folder


def _settings(model: TinyQwen3) -> dict[str, object]:
    shape, end = model.shape, model.tokens.id(END)
    parts = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    return {
        "config.json": {
            "architectures": ["Qwen3ForCausalLM"],
            "model_type": "qwen3",
            **vars(shape),
            "attention_bias": False,
            "hidden_act": "silu",
            "tie_word_embeddings": True,
            "bos_token_id": end,
            "eos_token_id": end,
            "torch_dtype": "float32",
            "use_sliding_window": False,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": END,
            "pad_token": END,
            "model_max_length": shape.max_position_embeddings,
            "padding_side": "left",
            "clean_up_tokenization_spaces": False,
        },
        # By these three a server tells an embedding model from one that writes.
        "modules.json": [
            {
                "idx": number,
                "name": str(number),
                "path": path,
                "type": f"sentence_transformers.models.{name}",
            }
            for number, (path, name) in enumerate(parts.items())
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": shape.hidden_size,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": False,
            "pooling_mode_lasttoken": True,
            "include_prompt": True,
        },
        "config_sentence_transformers.json": {
            "prompts": {"query": "Instruct: Find papers\nQuery:", "document": ""},
            "similarity_fn_name": "cosine",
        },
    }


def _write_safetensors(weights: Weights, path: Path) -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, value in weights.items():
        header[name] = {
            "dtype": "F32",
            "shape": list(value.shape),
            "data_offsets": [offset, offset + value.nbytes],
        }
        offset += value.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for value in weights.values():
            stream.write(value.astype("<f4").tobytes())
