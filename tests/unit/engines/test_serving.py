"""How to serve a model: what fits, the flags of today's servers, and Carrel's settings."""

import pytest

from carrel.engines.model_sizes import MODEL_SIZES, ModelSize, size_of
from carrel.engines.profiles import UNKNOWN, profile_of
from carrel.engines.serving import SERVERS, Option, best_fit, options


def of(model: str, gpu_gb: float, server: str) -> Option:
    found = options(sized(model), gpu_gb, (server,))
    assert [option.server for option in found] == [server]
    return found[0]


def sized(model: str) -> ModelSize:
    size = size_of(model)
    assert size is not None
    return size


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Qwen/Qwen3-Embedding-4B", "Qwen3-Embedding-4B"),
        ("qwen3-embedding:4b", "Qwen3-Embedding-4B"),
        ("Qwen3-Embedding-8B-Q8_0.gguf", "Qwen3-Embedding-8B"),
        ("qwen3-reranker-0.6b", "Qwen3-Reranker-0.6B"),
        ("multilingual-e5-large-instruct", "multilingual-e5-large-instruct"),
        ("BAAI/bge-m3", "bge-m3"),
    ],
)
def test_a_model_is_known_by_any_of_its_names(written: str, name: str) -> None:
    assert sized(written).name == name
    assert size_of("gpt-2") is None


def test_embedding_models_have_a_profile() -> None:
    assert all(profile_of(size.name) != UNKNOWN for size in MODEL_SIZES if not size.reranks)


def test_vllm_embeds() -> None:
    option = of("Qwen3-Embedding-4B", 24, "vllm")
    (command,) = option.commands
    assert command.startswith("vllm serve Qwen/Qwen3-Embedding-4B --runner pooling --convert embed ")
    assert "--hf-overrides '{\"is_matryoshka\":true}'" in command
    assert "--max-model-len 32768 --gpu-memory-utilization 0.85" in command
    assert option.settings == {
        "CARREL_EMBEDDER": "Qwen/Qwen3-Embedding-4B",
        "CARREL_EMBEDDER_URL": "http://127.0.0.1:8000/v1",
    }


def test_vllm_reranks_with_the_overrides_that_make_a_classifier() -> None:
    option = of("Qwen3-Reranker-4B", 24, "vllm")
    assert '"classifier_from_token":["no","yes"],"is_original_qwen3_reranker":true' in option.commands[0]
    assert "--convert embed" not in option.commands[0]
    assert option.settings["CARREL_RERANKER_URL"] == "http://127.0.0.1:8001/v1"
    assert "classifier_from_token" not in of("bge-reranker-v2-m3", 24, "vllm").commands[0]


def test_less_memory_is_less_precision_and_shorter_texts() -> None:
    roomy, tight = of("Qwen3-Embedding-8B", 48, "vllm"), of("Qwen3-Embedding-8B", 16, "vllm")
    assert roomy.fit is not None
    assert tight.fit is not None
    assert (roomy.fit.precision, tight.fit.precision) == ("F16", "fp8")
    assert "--quantization fp8" in tight.commands[0]
    assert tight.fit.context < roomy.fit.context
    assert tight.settings["CARREL_EMBEDDER_MAX_TOKENS"] == str(tight.fit.context)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("model", [size.name for size in MODEL_SIZES])
def test_what_is_printed_fits(server: str, model: str) -> None:
    previous = 0.0
    for gpu in (4, 6, 8, 12, 16, 24, 48, 80):
        option = of(model, gpu, server)
        assert option.possible or option.notes
        if option.fit is not None:
            assert option.fit.gigabytes <= 0.9 * gpu
            assert option.fit.context <= sized(model).context
            assert option.fit.gigabytes >= previous or option.fit.precision != "F16"
            previous = option.fit.gigabytes


def test_llama_server_takes_a_whole_text_in_one_batch() -> None:
    (command,) = of("Qwen3-Embedding-4B", 12, "llama.cpp").commands
    assert "-hf Qwen/Qwen3-Embedding-4B-GGUF:Q8_0" in command
    assert "--embeddings --pooling last -c 8192 -b 8192 -ub 8192 -ngl 99" in command


def test_llama_server_without_a_gpu() -> None:
    option = of("Qwen3-Embedding-8B", 0, "llama.cpp")
    assert "-ngl" not in option.commands[0]
    assert any("too slow" in note for note in option.notes)


def test_llama_server_reranks() -> None:
    assert "--reranking" in of("Qwen3-Reranker-0.6B", 8, "llama.cpp").commands[0]
    made = of("Qwen3-Reranker-4B", 24, "llama.cpp")
    assert any("convert_hf_to_gguf.py" in note for note in made.notes)


def test_ollama() -> None:
    option = of("Qwen3-Embedding-4B", 8, "ollama")
    assert option.commands == (
        "OLLAMA_CONTEXT_LENGTH=8192 ollama serve",
        "ollama pull qwen3-embedding:4b-q4_K_M",
    )
    assert option.settings["CARREL_EMBEDDER"] == "qwen3-embedding:4b-q4_K_M"
    assert not of("Qwen3-Reranker-4B", 24, "ollama").possible


def test_tei() -> None:
    assert (
        "--model-id Qwen/Qwen3-Embedding-0.6B --dtype float16"
        in of("Qwen3-Embedding-0.6B", 8, "tei").commands[0]
    )
    assert not of("Qwen3-Reranker-0.6B", 8, "tei").possible
    assert of("bge-reranker-v2-m3", 8, "tei").possible


def test_vllm_without_a_gpu_is_not_advised() -> None:
    assert "llama.cpp" in of("Qwen3-Embedding-4B", 0, "vllm").notes[0]


def test_what_does_not_fit_is_said_with_what_would() -> None:
    option = of("Qwen3-Embedding-8B", 6, "llama.cpp")
    assert not option.possible
    assert "6.7 GB" in option.notes[0]
    assert "Qwen3-Embedding-4B would fit" in option.notes[0]
    assert best_fit(sized("Qwen3-Embedding-4B"), 6, "llama.cpp") is not None


def test_where_nothing_fits_the_processor_is_named() -> None:
    assert "--gpu-memory" in of("Qwen3-Embedding-0.6B", 0.5, "llama.cpp").notes[0]
