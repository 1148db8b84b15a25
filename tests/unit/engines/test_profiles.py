"""Models are recognised by the names they are served under."""

import pytest

from carrel.core.errors import InvalidSetting
from carrel.core.tasks import DEFAULT_TASK, TASKS, instruction_for
from carrel.engines.profiles import PROFILES, UNKNOWN, named_profile, profile_of


@pytest.mark.parametrize(
    ("served_as", "name"),
    [
        ("Qwen/Qwen3-Embedding-4B", "Qwen3-Embedding-4B"),
        ("qwen3-embedding:4b", "Qwen3-Embedding-4B"),
        ("qwen3-embedding:0.6b-fp16", "Qwen3-Embedding-0.6B"),
        ("Qwen3-Embedding-8B-Q4_K_M.gguf", "Qwen3-Embedding-8B"),
        ("Qwen/Qwen3-Embedding-0.6B-GGUF:Q8_0", "Qwen3-Embedding-0.6B"),
        ("qwen3-embedding", "Qwen3-Embedding"),
        ("BAAI/bge-m3", "bge-m3"),
        ("BAAI/bge-base-en-v1.5", "bge-base-en"),
        ("BAAI/bge-large-zh-v1.5", "bge-large-zh"),
        ("intfloat/multilingual-e5-large", "multilingual-e5-large"),
        ("intfloat/multilingual-e5-large-instruct", "multilingual-e5-large-instruct"),
        ("intfloat/e5-base-v2", "e5-base"),
        ("Alibaba-NLP/gte-multilingual-base", "gte-multilingual-base"),
        ("Alibaba-NLP/gte-Qwen2-7B-instruct", "gte-Qwen2-7B-instruct"),
        ("thenlper/gte-small", "gte-small"),
        ("nomic-embed-text:v1.5", "nomic-embed-text-v1.5"),
        ("jinaai/jina-embeddings-v3", "jina-embeddings-v3"),
        ("text-embedding-3-large", "text-embedding-3-large"),
        ("sentence-transformers/all-MiniLM-L6-v2", "all-MiniLM"),
        ("something-else", "other"),
    ],
)
def test_a_model_is_known_by_the_name_it_is_served_under(served_as: str, name: str) -> None:
    assert profile_of(served_as).name == name


@pytest.mark.parametrize(
    ("served_as", "languages"),
    [
        ("all-minilm:l6-v2", {"en"}),
        ("BAAI/bge-base-en-v1.5", {"en"}),
        ("BAAI/bge-large-zh-v1.5", {"zh", "en"}),
        ("BAAI/bge-m3", set()),
        ("intfloat/e5-large-v2", {"en"}),
        ("intfloat/multilingual-e5-large", set()),
        ("nomic-embed-text:v1.5", {"en"}),
        ("nomic-ai/nomic-embed-text-v2-moe", set()),
        ("jinaai/jina-embeddings-v2-base-en", {"en"}),
        ("jinaai/jina-embeddings-v2-base-zh", {"zh", "en"}),
        ("jinaai/jina-embeddings-v2-base-de", set()),
        ("Qwen/Qwen3-Embedding-4B", set()),
        ("something-else", set()),
    ],
)
def test_the_languages_that_a_model_reads_are_those_of_its_card(served_as: str, languages: set[str]) -> None:
    assert profile_of(served_as).languages == languages


def test_every_profile_is_found_by_its_own_name() -> None:
    assert [profile.name for profile in PROFILES if named_profile(profile.name) is not profile] == []
    assert named_profile("other") is UNKNOWN
    with pytest.raises(InvalidSetting, match="CARREL_EMBEDDER_PROFILE"):
        named_profile("gpt-17")


def test_qwen3_reads_the_instruction_before_questions_only() -> None:
    profile = profile_of("Qwen/Qwen3-Embedding-4B")
    assert (
        profile.query_text("什么是{稀疏}注意力?", "Find {it}")
        == "Instruct: Find {it}\nQuery:什么是{稀疏}注意力?"
    )
    assert profile.document_text("a {text} b") == "a {text} b"
    assert (profile.width, profile.max_tokens, profile.mrl_from) == (2560, 32768, 32)
    assert profile.reads_instructions


def test_e5_marks_both_sides() -> None:
    profile = profile_of("intfloat/e5-large-v2")
    assert profile.query_text("q", "ignored") == "query: q"
    assert profile.document_text("d") == "passage: d"
    assert not profile.reads_instructions


def test_a_task_is_an_instruction_and_other_words_are_one_themselves() -> None:
    assert instruction_for("") == TASKS[DEFAULT_TASK]
    assert instruction_for("evidence") == TASKS["evidence"]
    assert instruction_for("  Find my \n keys ") == "Find my keys"
