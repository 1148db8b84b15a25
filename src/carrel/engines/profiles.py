"""How embedding models want to be used: what stands before a text, how much they read, what they give.

From the models' cards. A model is recognised by the name it is served under, whoever serves it:
``Qwen/Qwen3-Embedding-4B``, ``qwen3-embedding:4b``, ``Qwen3-Embedding-4B-Q8_0.gguf``.
"""

import re
from dataclasses import dataclass

from carrel.core.errors import InvalidSetting

BARE = "{text}"
_QWEN3 = "Instruct: {instruction}\nQuery:{text}"  # no space after "Query:"
_INSTRUCT = "Instruct: {instruction}\nQuery: {text}"
_BGE = "Represent this sentence for searching relevant passages: {text}"
_BGE_ZH = "为这个句子生成表示以用于检索相关文章：{text}"
_ENGLISH = frozenset({"en"})
_CHINESE = frozenset({"zh", "en"})


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """How one model wants to be used."""

    name: str
    names: str  # a regular expression for the names it is served under, in small letters
    width: int = 0  # full dimensions; 0: told by the server
    max_tokens: int = 512  # that it reads of a text, special tokens included
    query: str = BARE
    document: str = BARE
    pooling: str = "mean"  # "mean", "cls" or "last"
    mrl_from: int = 0  # fewest dimensions that its vectors may be cut to; 0: it was not trained for that
    end_token: str = ""  # that closes a text, where the pooling is "last"
    languages: frozenset[str] = frozenset()  # that it reads well, ISO 639-1; empty: many, or not known

    @property
    def reads_instructions(self) -> bool:
        """Whether a question says what it is asked for."""
        return "{instruction}" in self.query

    def query_text(self, text: str, instruction: str) -> str:
        """Return a question as the model is to read it."""
        # Replaced and not formatted: a question may hold braces.
        return self.query.replace("{instruction}", instruction).replace("{text}", text)

    def document_text(self, text: str) -> str:
        """Return a document as the model is to read it."""
        return self.document.replace("{text}", text)


def _qwen3(size: str, width: int) -> ModelProfile:
    return ModelProfile(
        f"Qwen3-Embedding{size and '-' + size}",
        rf"qwen3-embedding.*{re.escape(size.lower())}" if size else "qwen3-embedding",
        width,
        max_tokens=32768,
        query=_QWEN3,
        pooling="last",
        mrl_from=32,
        end_token="<|endoftext|>",  # noqa: S106 - no password
    )


def _cls(
    name: str,
    names: str,
    width: int,
    query: str = BARE,
    max_tokens: int = 512,
    languages: frozenset[str] = frozenset(),
) -> ModelProfile:
    return ModelProfile(name, names, width, max_tokens, query, pooling="cls", languages=languages)


def _e5(name: str, names: str, width: int, languages: frozenset[str] = frozenset()) -> ModelProfile:
    query, document = "query: {text}", "passage: {text}"
    return ModelProfile(name, names, width, query=query, document=document, languages=languages)


def _english(name: str, names: str, width: int, max_tokens: int = 512) -> ModelProfile:
    return ModelProfile(name, names, width, max_tokens, languages=_ENGLISH)


# The first that fits is taken, so the special ones stand before the general.
PROFILES: tuple[ModelProfile, ...] = (
    _qwen3("0.6B", 1024),
    _qwen3("4B", 2560),
    _qwen3("8B", 4096),
    _qwen3("", 0),
    _cls("bge-m3", r"bge-m3", 1024, max_tokens=8192),
    _cls("bge-small-zh", r"bge-small-zh", 512, _BGE_ZH, languages=_CHINESE),
    _cls("bge-base-zh", r"bge-base-zh", 768, _BGE_ZH, languages=_CHINESE),
    _cls("bge-large-zh", r"bge-large-zh", 1024, _BGE_ZH, languages=_CHINESE),
    _cls("bge-small-en", r"bge-small", 384, _BGE, languages=_ENGLISH),
    _cls("bge-base-en", r"bge-base", 768, _BGE, languages=_ENGLISH),
    _cls("bge-large-en", r"bge-large", 1024, _BGE, languages=_ENGLISH),
    ModelProfile("multilingual-e5-large-instruct", r"e5-large-instruct", 1024, query=_INSTRUCT),
    ModelProfile(
        "e5-mistral-7b-instruct",
        r"e5-mistral",
        4096,
        4096,
        _INSTRUCT,
        pooling="last",
        languages=_ENGLISH,  # "we recommend using it for English only"
    ),
    _e5("multilingual-e5-small", r"multilingual-e5-small", 384),
    _e5("multilingual-e5-base", r"multilingual-e5-base", 768),
    _e5("multilingual-e5-large", r"multilingual-e5-large", 1024),
    _e5("e5-small", r"(?:^|/)e5-small", 384, _ENGLISH),
    _e5("e5-base", r"(?:^|/)e5-base", 768, _ENGLISH),
    _e5("e5-large", r"(?:^|/)e5-large", 1024, _ENGLISH),
    ModelProfile("gte-Qwen2-1.5B-instruct", r"gte-qwen2-1\.5b", 1536, 32768, _INSTRUCT, pooling="last"),
    ModelProfile("gte-Qwen2-7B-instruct", r"gte-qwen2-7b", 3584, 32768, _INSTRUCT, pooling="last"),
    _cls("gte-multilingual-base", r"gte-multilingual-base", 768, max_tokens=8192),
    _cls("gte-base-en-v1.5", r"gte-base-en-v1\.5", 768, max_tokens=8192, languages=_ENGLISH),
    _cls("gte-large-en-v1.5", r"gte-large-en-v1\.5", 1024, max_tokens=8192, languages=_ENGLISH),
    _english("gte-small", r"(?:^|/)gte-small", 384),
    _english("gte-base", r"(?:^|/)gte-base", 768),
    _english("gte-large", r"(?:^|/)gte-large", 1024),
    ModelProfile(
        "nomic-embed-text-v2-moe",
        r"nomic-embed-text-v2",
        768,
        query="search_query: {text}",
        document="search_document: {text}",
        mrl_from=256,
    ),
    ModelProfile(
        "nomic-embed-text-v1.5",
        r"nomic-embed-text",
        768,
        max_tokens=2048,
        query="search_query: {text}",
        document="search_document: {text}",
        mrl_from=64,
        languages=_ENGLISH,
    ),
    ModelProfile(
        "jina-embeddings-v3",
        r"jina-embeddings-v3",
        1024,
        max_tokens=8192,
        query="Represent the query for retrieving evidence documents: {text}",
        document="Represent the document for retrieval: {text}",
        mrl_from=32,
    ),
    _english("jina-embeddings-v2-small", r"jina-embeddings-v2-small", 512, max_tokens=8192),
    ModelProfile("jina-embeddings-v2-base-zh", r"jina-embeddings-v2-base-zh", 768, 8192, languages=_CHINESE),
    ModelProfile("jina-embeddings-v2-base-de", r"jina-embeddings-v2-base-(?:de|es)", 768, 8192),
    _english("jina-embeddings-v2", r"jina-embeddings-v2", 768, max_tokens=8192),
    ModelProfile("text-embedding-3-small", r"text-embedding-3-small", 1536, 8191, mrl_from=256),
    ModelProfile("text-embedding-3-large", r"text-embedding-3-large", 3072, 8191, mrl_from=256),
    ModelProfile("text-embedding-ada-002", r"text-embedding-ada-002", 1536, 8191),
    ModelProfile("paraphrase-multilingual-MiniLM-L12-v2", r"paraphrase-multilingual-minilm", 384, 128),
    _english("all-MiniLM", r"minilm", 384, 256),
)
UNKNOWN = ModelProfile("other", "", 0)
"""A model that is not in the list: texts bare, 512 tokens, the width as the server gives it."""


def profile_of(model: str) -> ModelProfile:
    """Return the profile of a model by the name it is served under; ``UNKNOWN`` where none fits."""
    name = model.lower().replace("_", "-").replace(":", "-")
    return next((profile for profile in PROFILES if re.search(profile.names, name)), UNKNOWN)


def named_profile(name: str) -> ModelProfile:
    """Return the profile of that name.

    Raises:
        InvalidSetting: there is none.
    """
    for profile in (*PROFILES, UNKNOWN):
        if profile.name.lower() == name.strip().lower():
            return profile
    known = ", ".join(profile.name for profile in (*PROFILES, UNKNOWN))
    raise InvalidSetting(name="CARREL_EMBEDDER_PROFILE", value=name, expected=f"one of {known}")
