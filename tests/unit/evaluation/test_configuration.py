"""Configurations are read as they are written, and what cannot be set is refused with what can."""

import pytest

from carrel.core.evaluation_errors import ConfigurationUnknown, QuantisationUnsupported
from carrel.core.ids import KnowledgeBaseId
from carrel.core.knowledge_base import ChunkSettings, KnowledgeBase
from carrel.core.ranking import Mode, Preference
from carrel.evaluation.configuration import Build, Configuration, configuration, configurations, usual

BASE = KnowledgeBase(KnowledgeBaseId("k"), "k", chunking=ChunkSettings(512, 128), dimensions=256)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Configuration()),
        ("mode=dense", Configuration(Mode.DENSE)),
        ("lexical", Configuration(Mode.LEXICAL)),
        ("rerank=true", Configuration(rerank=True)),
        ("rerank, rerank=no", Configuration()),
        ("diverse", Configuration(diverse=True)),
        ("prefer=cited,prefer=recent", Configuration(prefer=(Preference.RECENT, Preference.CITED))),
        ("mode=hybrid,dimensions=128", Configuration(build=Build(dimensions=128))),
        ("chunk=256, overlap=64", Configuration(build=Build(chunk=256, overlap=64))),
        ("embedder=qwen3:4b,quantisation=none", Configuration(build=Build(embedder="qwen3:4b"))),
    ],
)
def test_a_configuration_is_read_and_written(text: str, expected: Configuration) -> None:
    assert configuration(text) == expected
    assert configuration(expected.label) == expected


@pytest.mark.parametrize(
    "text",
    [
        "mode=best",
        "dimensions=0",
        "dimensions=x",
        "rerank=perhaps",
        "colour=red",
        "chunk=8",
        "overlap=900",
    ],
)
def test_what_cannot_be_set_is_refused_with_what_can(text: str) -> None:
    with pytest.raises(ConfigurationUnknown, match="Expected"):
        configuration(text)


@pytest.mark.parametrize("text", ["quantisation=int8", "quantization=binary", "mode=dense,precision=int8"])
def test_quantisation_is_named_as_what_is_not_there(text: str) -> None:
    with pytest.raises(QuantisationUnsupported, match="dimensions"):
        configuration(text)


def test_each_is_compared_once_and_the_usual_ones_need_no_words() -> None:
    assert len(configurations(["mode=dense", "dense", "hybrid"])) == 2
    assert [each.label for each in usual(reranker=True)] == ["lexical", "dense", "hybrid", "hybrid, rerank"]
    assert len(usual(reranker=False)) == 3


def test_what_is_not_said_is_as_the_collection_has_it() -> None:
    assert Build().of(BASE) == BASE
    assert Build(dimensions=64).of(BASE).dimensions == 64
    assert Build(chunk=128).of(BASE).chunking == ChunkSettings(128, 64)
    assert Build(embedder="other").of(BASE).dimensions == 0  # another model has other dimensions
