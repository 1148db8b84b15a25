"""``carrel kb``: knowledge bases."""

from carrel.cli.output import Json, print_json, printable
from carrel.cli.papers import clean_now_or_later
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
        if knowledge_base.parser != DEFAULT_PARSER:
            counts += f", {knowledge_base.parser}"
        print(
            f"{printable(knowledge_base.name)}  ({counts})  {printable(knowledge_base.description)}".rstrip()
        )
    if not shelves:
        print(tr("No knowledge bases yet. carrel add makes the first one."))
    return 0


def create_knowledge_base(
    name: str, description: str, wished: tuple[int, int, bool], parser: str, as_json: bool
) -> int:
    """Create an empty knowledge base and print it.

    ``wished`` are the size and overlap of passages, and whether references are passages.
    """
    size, overlap, references = wished
    try:
        chunking = ChunkSettings(size, overlap, references)
    except ValueError as error:
        raise InvalidSetting(name="chunking", value=f"{size}/{overlap}", expected=str(error)) from error
    check_parser(parser)
    with services() as opened:
        knowledge_base = opened.shelves.create(name, description, chunking, parser)
    _print(knowledge_base, tr("Created: {name}"), as_json)
    return 0


def configure_knowledge_base(
    name: str, rename: str | None, description: str | None, parser: str | None, as_json: bool
) -> int:
    """Change a knowledge base's name, description or parser and print it."""
    if parser is not None:
        check_parser(parser)
    with services() as opened:
        knowledge_base = opened.shelves.configure(name, rename, description, parser)
    _print(knowledge_base, tr("Changed: {name}"), as_json)
    return 0


def delete_knowledge_base(name: str, as_json: bool) -> int:
    """Delete a knowledge base and what only it held."""
    with services() as opened:
        knowledge_base = opened.shelves.delete(name)
        clean_now_or_later(opened, "carrel kb delete")
    _print(knowledge_base, tr("Deleted: {name}"), as_json)
    return 0


def _print(knowledge_base: KnowledgeBase, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(_document(knowledge_base))
    else:
        print(sentence.format(name=printable(knowledge_base.name)))


def _document(knowledge_base: KnowledgeBase) -> dict[str, Json]:
    return {
        "id": knowledge_base.id,
        "name": knowledge_base.name,
        "description": knowledge_base.description,
        "domain": knowledge_base.domain,
        "embedder": knowledge_base.embedder,
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
