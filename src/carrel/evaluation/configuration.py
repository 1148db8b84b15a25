"""A configuration to compare: how is searched, and over what kind of index."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from carrel.core.evaluation_errors import ConfigurationUnknown, QuantisationUnsupported
from carrel.core.knowledge_base import ChunkSettings, KnowledgeBase
from carrel.core.ranking import Mode, Preference, Query

DEPTH = 100
"""Papers that are asked for: measures look no deeper."""

_QUANTISATION = frozenset({"quantisation", "quantization", "precision"})
_FULL = frozenset({"none", "float32", "fp32", "full", "no", "off"})
_YES, _NO = frozenset({"", "true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
_EXPECTED = (
    "mode=hybrid|dense|lexical, rerank=true|false, prefer=recent|cited, diverse=true|false, dimensions=N, "
    "chunk=N, overlap=N, embedder=MODEL; "
    "several with commas, such as mode=hybrid,dimensions=128"
)


@dataclass(frozen=True, slots=True)
class Build:
    """What an index is to be built with; nothing (0, empty) is what the collection's own has."""

    dimensions: int = 0
    chunk: int = 0
    overlap: int = 0
    embedder: str = ""

    def of(self, base: KnowledgeBase) -> KnowledgeBase:
        """Return a knowledge base with these settings where there are any, and the others of its own."""
        size = self.chunk or base.chunking.size
        overlap = self.overlap or min(base.chunking.overlap, size // 2)
        return replace(
            base,
            embedder=self.embedder or base.embedder,
            dimensions=self.dimensions or (0 if self.embedder else base.dimensions),
            chunking=replace(base.chunking, size=size, overlap=overlap),
        )


@dataclass(frozen=True, slots=True)
class Configuration:
    """How every query is asked, and of which index."""

    mode: Mode = Mode.HYBRID
    rerank: bool = False
    build: Build = Build()
    prefer: tuple[Preference, ...] = ()
    diverse: bool = False

    @property
    def label(self) -> str:
        """The configuration as people read it, and as ``configuration`` reads it again."""
        build = self.build
        parts = {"dimensions": build.dimensions, "chunk": build.chunk, "overlap": build.overlap}
        named = [self.mode.value, *(f"{name}={value}" for name, value in parts.items() if value)]
        named += [f"embedder={build.embedder}"] if build.embedder else []
        named += [f"prefer={each.value}" for each in self.prefer]
        flags = {"diverse": self.diverse, "rerank": self.rerank}
        return ", ".join([*named, *(name for name, on in flags.items() if on)])

    @property
    def without_dimensions(self) -> str:
        """The label of all that differ from this one in nothing but their dimensions."""
        return replace(self, build=replace(self.build, dimensions=0)).label

    def query(self, text: str, knowledge_base: KnowledgeBase, instruction: str = "") -> Query:
        """Return the query of a text, as ``carrel search`` makes it."""
        return Query(
            text,
            (knowledge_base.id,),
            self.mode,
            DEPTH,
            instruction=instruction,
            rerank=self.rerank,
            prefer=self.prefer,
            diverse=self.diverse,
        )


def usual(reranker: bool) -> tuple[Configuration, ...]:
    """Return what is compared where nobody says: words, meaning, both; and reranked where that is set up."""
    by_mode = [Configuration(mode) for mode in (Mode.LEXICAL, Mode.DENSE, Mode.HYBRID)]
    return (*by_mode, *([Configuration(rerank=True)] if reranker else []))


def configurations(texts: Sequence[str]) -> tuple[Configuration, ...]:
    """Return the configurations that these say, each once. Raises as ``configuration``."""
    return tuple(dict.fromkeys(configuration(text) for text in texts))


def configuration(text: str) -> Configuration:
    """Return the configuration that a text such as ``mode=hybrid,dimensions=128`` says.

    Raises:
        ConfigurationUnknown: there is no such part, or it cannot have that value.
        QuantisationUnsupported: it asks for numbers in fewer bits.
    """
    found = Configuration()
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _with(found, part)
    chunk, overlap = found.build.chunk, found.build.overlap
    try:
        ChunkSettings(chunk or ChunkSettings().size, overlap)
    except ValueError as error:
        raise ConfigurationUnknown(part=text, expected=str(error)) from error
    return found


def _with(found: Configuration, part: str) -> Configuration:
    name, _, value = (side.strip() for side in part.partition("="))
    mode = value if name == "mode" else name if not value else ""
    if mode in tuple(Mode):
        return replace(found, mode=Mode(mode))
    if name in ("rerank", "diverse") and value.lower() in _YES | _NO:
        on = value.lower() in _YES
        return replace(found, rerank=on) if name == "rerank" else replace(found, diverse=on)
    if name == "prefer" and value in tuple(Preference):
        return replace(found, prefer=tuple(each for each in Preference if each in (*found.prefer, value)))
    if name in ("dimensions", "chunk", "overlap") and value.isdigit() and int(value) > 0:
        number, build = int(value), found.build
        changed = {
            "dimensions": replace(build, dimensions=number),
            "chunk": replace(build, chunk=number),
            "overlap": replace(build, overlap=number),
        }
        return replace(found, build=changed[name])
    if name == "embedder" and value:
        return replace(found, build=replace(found.build, embedder=value))
    if name in _QUANTISATION and value.lower() not in _FULL:
        raise QuantisationUnsupported(value=value)
    if name in _QUANTISATION:
        return found
    raise ConfigurationUnknown(part=part, expected=_EXPECTED)
