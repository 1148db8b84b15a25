"""``carrel kb``: knowledge bases."""

from dataclasses import dataclass, field

from carrel.cli.output import Json, print_json, printable
from carrel.cli.papers import clean_now_or_later
from carrel.cli.rebuilding import Rebuilt, begin_or_resume, rebuilt_fields, see_through
from carrel.cli.reindex import Wish, sentence_of
from carrel.cli.session import services
from carrel.core import counts
from carrel.core.accounts import Role
from carrel.core.calibration import Calibration
from carrel.core.ids import KnowledgeBaseId
from carrel.core.knowledge_base import DEFAULT_DOMAIN, DEFAULT_PARSER, KnowledgeBase
from carrel.core.language import tr
from carrel.core.rebuild import Change
from carrel.search.weighing import weights_of


def list_knowledge_bases(as_json: bool) -> int:
    """Print every knowledge base by name."""
    with services() as opened:
        shelves = opened.shelves.readable()
    if as_json:
        print_json({"knowledge_bases": [_document(knowledge_base) for knowledge_base in shelves]})
        return 0
    for knowledge_base in shelves:
        papers, passages = counts.papers(knowledge_base.papers), counts.passages(knowledge_base.passages)
        facts = counts.listed(papers, passages)
        facts += f", {printable(knowledge_base.embedder)}"
        if knowledge_base.dimensions:
            facts += " " + tr("{dimensions} dimensions").format(dimensions=knowledge_base.dimensions)
        if knowledge_base.domain is not DEFAULT_DOMAIN:
            facts = f"{knowledge_base.domain.called}: {facts}"
        if knowledge_base.parser != DEFAULT_PARSER:
            facts += f", {knowledge_base.parser}"
        print(
            f"{printable(knowledge_base.name)}  ({facts})  {printable(knowledge_base.description)}".rstrip()
        )
    if not shelves:
        print(tr("No knowledge bases yet. carrel add makes the first one."))
    return 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What a knowledge base is to be; None leaves something as it is."""

    rename: str | None = None
    description: str | None = None
    wish: Wish = field(default_factory=Wish)


def create_knowledge_base(name: str, description: str, wish: Wish, as_json: bool) -> int:
    """Create an empty knowledge base and print it."""
    with services() as opened:
        usual = KnowledgeBase(KnowledgeBaseId(""), name, embedder=opened.settings.embedder)
        wanted = opened.rebuilds().wanted(usual, wish.change())
        knowledge_base = opened.shelves.create(
            name,
            description,
            wanted.chunking,
            wanted.parser,
            wanted.embedder,
            wanted.dimensions,
            wanted.domain,
        )
    _print(knowledge_base, tr("Created: {name}"), as_json)
    return 0


def configure_knowledge_base(name: str, changes: Changes, wait: bool, as_json: bool) -> int:
    """Change a knowledge base's settings and print it; what its index is built with builds it anew."""
    purpose = "carrel kb configure"
    rebuilt: Rebuilt | None = None
    change = changes.wish.change()
    with services() as opened:
        rebuilds = opened.rebuilds()
        present = opened.shelves.require(name, Role.OWNER)
        # What cannot be is said before anything is changed.
        anew = change != Change() and rebuilds.wanted(present, change) != present
        knowledge_base = opened.shelves.configure(present.id, changes.rename, changes.description)
        if anew:
            begun = begin_or_resume(opened, knowledge_base, change, purpose)
            if knowledge_base.papers and wait:
                rebuilt = see_through(opened, knowledge_base, purpose, begun)
            else:
                clean_now_or_later(opened, purpose)
            knowledge_base = opened.shelves.require(present.id, Role.OWNER)
    more: dict[str, Json] = {} if rebuilt is None else {"rebuilt": rebuilt_fields(rebuilt)}
    _print(knowledge_base, tr("Changed: {name}"), as_json, more)
    if rebuilt is not None and not as_json:
        print(sentence_of(rebuilt))
    return 0


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
        "meaning_share": weights_of([knowledge_base]).dense,
        "calibration": _calibration(knowledge_base.calibration),
    }


def _calibration(found: Calibration | None) -> dict[str, Json] | None:
    if found is None or not found.measured:
        return None
    return {"sentences": found.sentences, "judged": found.judged, "at": found.at}
