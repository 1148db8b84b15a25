"""``carrel kb``: knowledge bases."""

from dataclasses import dataclass

from carrel.bootstrap import Services
from carrel.cli.output import Json, print_json, printable
from carrel.cli.papers import clean_now_or_later
from carrel.cli.reindex import rebuild
from carrel.cli.session import services
from carrel.core.errors import InvalidSetting
from carrel.core.knowledge_base import DEFAULT_PARSER, ChunkSettings, KnowledgeBase
from carrel.core.language import tr
from carrel.parsing.parsers import check_parser


def list_knowledge_bases(as_json: bool) -> int:
    """Print every knowledge base by name."""
    with services() as opened:
        shelves = opened.shelves.readable()
    if as_json:
        print_json({"knowledge_bases": [_document(knowledge_base) for knowledge_base in shelves]})
        return 0
    for knowledge_base in shelves:
        counts = tr("{papers} papers, {passages} passages").format(
            papers=knowledge_base.papers, passages=knowledge_base.passages
        )
        counts += f", {printable(knowledge_base.embedder)}"
        if knowledge_base.dimensions:
            counts += " " + tr("{dimensions} dimensions").format(dimensions=knowledge_base.dimensions)
        if knowledge_base.parser != DEFAULT_PARSER:
            counts += f", {knowledge_base.parser}"
        print(
            f"{printable(knowledge_base.name)}  ({counts})  {printable(knowledge_base.description)}".rstrip()
        )
    if not shelves:
        print(tr("No knowledge bases yet. carrel add makes the first one."))
    return 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What a knowledge base is to be; None leaves something as it is."""

    rename: str | None = None
    description: str | None = None
    parser: str | None = None
    embedder: str | None = None
    dimensions: str | None = None  # a number, or "full"


def create_knowledge_base(name: str, wished: tuple[int, int, bool], wanted: Changes, as_json: bool) -> int:
    """Create an empty knowledge base and print it.

    ``wished`` are the size and overlap of passages, and whether references are passages.
    """
    size, overlap, references = wished
    try:
        chunking = ChunkSettings(size, overlap, references)
    except ValueError as error:
        raise InvalidSetting(name="chunking", value=f"{size}/{overlap}", expected=str(error)) from error
    parser = wanted.parser or DEFAULT_PARSER
    check_parser(parser)
    with services() as opened:
        embedder = wanted.embedder or opened.settings.embedder
        dimensions = _dimensions(opened, embedder, wanted.dimensions or "0")
        knowledge_base = opened.shelves.create(
            name, wanted.description or "", chunking, parser, embedder, dimensions
        )
    _print(knowledge_base, tr("Created: {name}"), as_json)
    return 0


def configure_knowledge_base(name: str, changes: Changes, as_json: bool) -> int:
    """Change a knowledge base's settings and print it; other dimensions build its index anew."""
    if changes.parser is not None:
        check_parser(changes.parser)
    purpose = "carrel kb configure"
    rebuilt: dict[str, Json] = {}
    sentence = ""
    with services() as opened:
        (present,) = opened.shelves.readable([name])
        wanted = present.dimensions
        if changes.embedder is not None or changes.dimensions is not None:
            text = str(present.dimensions) if changes.dimensions is None else changes.dimensions
            wanted = _dimensions(opened, changes.embedder or present.embedder, text)
            opened.own_index(purpose)  # so that nothing is on its way into the index that is replaced
        knowledge_base = opened.shelves.configure(
            name, changes.rename, changes.description, changes.parser, changes.embedder, wanted
        )
        if knowledge_base.dimensions != wanted:
            rebuilt, sentence = rebuild(opened, knowledge_base.name, wanted, purpose)
            (knowledge_base,) = opened.shelves.readable([knowledge_base.name])
        elif knowledge_base.generation != present.generation:
            clean_now_or_later(opened, purpose)
    _print(knowledge_base, tr("Changed: {name}"), as_json, {"rebuilt": rebuilt} if rebuilt else {})
    if sentence and not as_json:
        print(sentence)
    return 0


def _dimensions(opened: Services, embedder: str, text: str) -> int:
    """Return dimensions as the catalog keeps them, checked against what the model can give.

    Raises:
        InvalidSetting: neither a number nor "full".
        ModelUnknown, EndpointNotSet, DimensionsImpossible: that model cannot be had, or not so cut.
    """
    wanted = 0 if text.strip().lower() == "full" else int(text) if text.strip().isdecimal() else -1
    if wanted < 0:
        raise InvalidSetting(name="dimensions", value=text, expected=tr("a number, or full"))
    return opened.checked_dimensions(embedder, wanted)


def delete_knowledge_base(name: str, as_json: bool) -> int:
    """Delete a knowledge base and what only it held."""
    with services() as opened:
        knowledge_base = opened.shelves.delete(name)
        clean_now_or_later(opened, "carrel kb delete")
    _print(knowledge_base, tr("Deleted: {name}"), as_json)
    return 0


def _print(
    knowledge_base: KnowledgeBase, sentence: str, as_json: bool, more: dict[str, Json] | None = None
) -> None:
    if as_json:
        print_json(_document(knowledge_base) | (more or {}))
    else:
        print(sentence.format(name=printable(knowledge_base.name)))


def _document(knowledge_base: KnowledgeBase) -> dict[str, Json]:
    return {
        "id": knowledge_base.id,
        "name": knowledge_base.name,
        "description": knowledge_base.description,
        "domain": knowledge_base.domain,
        "embedder": knowledge_base.embedder,
        "dimensions": knowledge_base.dimensions or None,  # as many as the model gives
        "chunking": {
            "size": knowledge_base.chunking.size,
            "overlap": knowledge_base.chunking.overlap,
            "references": knowledge_base.chunking.references,
        },
        "parser": knowledge_base.parser,
        "generation": knowledge_base.generation,
        "papers": knowledge_base.papers,
        "passages": knowledge_base.passages,
    }
