"""Libraries of papers that were never files: published as they are, with vectors of what they are about."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

import numpy as np

from carrel.core.domains import Domain
from carrel.core.ids import PaperId, new_knowledge_base_id, paper_id, passage_id, text_key
from carrel.core.judgments import Judgment
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.metadata import Metadata
from carrel.core.paper import NO_WORD_BOXES, ParsedPaper, Passage, in_context
from carrel.core.ports import VectorCache
from carrel.core.space import Vectors
from carrel.ingest.pipeline import about_text
from carrel.storage import judgments, knowledge_bases, papers
from carrel.storage.clock import now
from carrel.storage.database import Catalog
from tests.fakes.embedder import FakeEmbedder

Reads = Callable[[str], str]


def at_random(text: str) -> str:
    """Read a text as if it were one word that no other has: its vector says nothing."""
    return sha256(text.encode()).hexdigest()


class Reader(FakeEmbedder):
    """Embeds what ``reads`` makes of a text."""

    def __init__(self, reads: Reads = str, languages: frozenset[str] = frozenset()) -> None:
        super().__init__(max_tokens=10_000, languages=languages)
        self.reads = reads

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        return super().embed_documents([self.reads(text) for text in texts])


def paper_number(number: int) -> PaperId:
    """Return the id of a paper of a library."""
    return paper_id(_hash(number))


def library(
    catalog: Catalog,
    vectors: VectorCache,
    embedder: FakeEmbedder,
    found: Sequence[Metadata],
    code: Sequence[str] = (),
) -> KnowledgeBase:
    """Make a knowledge base of papers, or of functions (``code``), one a paper."""
    domain = Domain.CODE if code else Domain.PAPERS
    with catalog.write() as tx:
        knowledge_bases.create(tx, made := KnowledgeBase(new_knowledge_base_id(), "library", domain=domain))
        for number, metadata in enumerate(found):
            paper = paper_number(number)
            about = about_text(metadata.title, metadata.abstract, embedder)
            texts, keys = [about], []
            if code:
                texts.append(in_context(metadata.title, "", code[number]))
                keys.append(text_key(texts[1]))
            parts = [
                Passage(passage_id(paper, 0, 1, each), paper, 0, 0, 1, each, "", (), ())
                for each in code[number:][:1]
            ]
            parsed = ParsedPaper(metadata, "", (), NO_WORD_BOXES, ())
            rows = embedder.embed_documents(texts)
            vectors.put(embedder.encoder, dict(zip(map(text_key, texts), np.asarray(rows), strict=True)))
            papers.register(tx, paper, _hash(number), 1)
            papers.publish(tx, made, paper, f"{number}.pdf", parsed, parts, keys, text_key(about))
        return knowledge_bases.by_id(tx, made.id)


def judge(catalog: Catalog, base: KnowledgeBase, said: Iterable[tuple[str, int]], by: str = "") -> None:
    """Say of queries which paper is the answer, by its number."""
    made = [Judgment(base.id, query, paper_number(number), 2, by, now()) for query, number in said]
    with catalog.write() as tx:
        judgments.put(tx, made)


def _hash(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()
