"""The tiny Qwen3 as GGUF files, as llama.cpp's ``convert_hf_to_gguf.py`` writes the real ones."""

import json
from pathlib import Path

import gguf
import numpy as np

from tests.models.tiny_qwen3 import END, TinyQwen3

# What llama.cpp writes into GGUF files of Qwen3-Reranker, and its server fills in.
RERANK_PROMPT = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the "
    'Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n'
    "<|im_start|>user\n<Instruct>: Given a web search query, retrieve relevant passages that answer the "
    "query\n<Query>: {query}\n<Document>: {document}<|im_end|>\n"
    "<|im_start|>assistant\n<think>\n\n</think>\n\n"
)
_LAYER = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def write_embedding_gguf(
    model: TinyQwen3, path: Path, *, quantised: bool = False, add_end: bool = True
) -> Path:
    """Write the embedding model, float32 or q8_0; ``add_end=False`` is as the first such files were."""
    writer = _begun(model, path)
    writer.add_pooling_type(gguf.PoolingType.LAST)
    writer.add_add_eos_token(add_end)
    return _finished(writer, model, path, quantised)


def write_reranker_gguf(model: TinyQwen3, path: Path) -> Path:
    """Write the model as a reranker: two rows of its output, for "yes" and "no", and their prompt."""
    writer = _begun(model, path)
    writer.add_pooling_type(gguf.PoolingType.RANK)
    writer.add_classifier_output_labels(["yes", "no"])
    writer.add_chat_template([{"name": "rerank", "template": RERANK_PROMPT}])
    heads = model.weights["model.embed_tokens.weight"]
    rows = [model.tokens.id("yes"), model.tokens.id("no")]
    writer.add_tensor("cls.output.weight", np.ascontiguousarray(heads[rows]))
    return _finished(writer, model, path, quantised=False)


def _begun(model: TinyQwen3, path: Path) -> gguf.GGUFWriter:
    shape = model.shape
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_type("model")
    writer.add_name("tiny-qwen3")
    writer.add_context_length(shape.max_position_embeddings)
    writer.add_embedding_length(shape.hidden_size)
    writer.add_block_count(shape.num_hidden_layers)
    writer.add_feed_forward_length(shape.intermediate_size)
    writer.add_head_count(shape.num_attention_heads)
    writer.add_head_count_kv(shape.num_key_value_heads)
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_rope_freq_base(shape.rope_theta)
    writer.add_layer_norm_rms_eps(shape.rms_norm_eps)
    _add_tokenizer(writer, model)
    return writer


def _add_tokenizer(writer: gguf.GGUFWriter, model: TinyQwen3) -> None:
    tokenizer = json.loads(model.tokens.json())
    names = [f"[PAD{number}]" for number in range(model.shape.vocab_size)]
    types = [gguf.TokenType.UNUSED] * len(names)
    for name, number in tokenizer["model"]["vocab"].items():
        names[number], types[number] = name, gguf.TokenType.NORMAL
    for token in tokenizer["added_tokens"]:
        names[token["id"]], types[token["id"]] = token["content"], gguf.TokenType.CONTROL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(names)
    writer.add_token_types(types)
    merges = tokenizer["model"]["merges"]
    writer.add_token_merges([pair if isinstance(pair, str) else " ".join(pair) for pair in merges])
    writer.add_eos_token_id(model.tokens.id(END))
    writer.add_pad_token_id(model.tokens.id(END))
    writer.add_add_bos_token(False)


def _finished(writer: gguf.GGUFWriter, model: TinyQwen3, path: Path, quantised: bool) -> Path:
    for name, value in model.weights.items():
        place = _gguf_name(name)
        if quantised and value.ndim == 2:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(place, gguf.quants.quantize(value, kind), raw_dtype=kind)
        else:
            writer.add_tensor(place, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _gguf_name(name: str) -> str:
    if name.startswith("model.layers."):
        _, _, number, part = name.removesuffix(".weight").split(".", 3)
        return f"blk.{number}.{_LAYER[part]}.weight"
    return {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}[name]
