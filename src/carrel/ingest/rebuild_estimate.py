"""What a re-index will take, before it is begun: texts to embed, time, and room on the disk."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from carrel.core.engine_errors import TextsRefused
from carrel.core.errors import ServiceError
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr
from carrel.core.paper import in_context
from carrel.core.ports import Embedder, VectorCache
from carrel.core.rebuild import Estimate, same_passages, same_vectors
from carrel.storage import papers, rebuilds
from carrel.storage.database import Catalog
from carrel.storage.rebuilds import Size

_KEYS_LOOKED_UP = 4000  # of a larger library so many are looked up, and the share is taken for all
_KEYS_A_LOOK = 500
_MEASURED = 32  # texts embedded to find the rate, so many at a time and no longer than a little
_TEXTS_A_CALL = 8
_MEASURING_SECONDS = 5.0
_INDEX_BYTES = 2400  # a passage without its vector: terms, payload (measured with 50,000 passages)
_ROW_BYTES = 600  # a passage without its text and boxes
_HALF = 2  # bytes of a number in the vector cache
_SINGLE = 8  # in the index, where it stands in the log as well


@dataclass(frozen=True, slots=True)
class Estimator:
    """Looks at the catalog, the cache and the model. ``embedder_of`` as everywhere."""

    catalog: Catalog
    vectors: VectorCache
    embedder_of: Callable[[KnowledgeBase], Embedder]
    home: Path
    keep_free_mb: int

    def estimate(self, serving: KnowledgeBase, target: KnowledgeBase, measure: bool = True) -> Estimate:
        """Return what it takes to build ``target``; with ``measure``, embed some texts to find the rate.

        Raises:
            ServiceError: the model that is to embed does not answer.
        """
        with self.catalog.read() as tx:
            size = rebuilds.size_of(tx, serving)
        embedder = self.embedder_of(target)
        exact = same_vectors(serving, target)
        passages = size.passages if exact else _passages_at(size, serving, target, embedder.max_tokens)
        share = self._cached_share(serving, target, embedder) if size.passages else 1.0
        to_embed = round((1 - share) * (passages + size.papers))
        rate = self._measured(serving, target, embedder) if measure and to_embed else None
        disk = _bytes_of(size, passages, to_embed, target, embedder.encoder.width)
        free = max(shutil.disk_usage(self.home).free - self.keep_free_mb * 1_000_000, 0)
        return Estimate(
            papers=size.papers,
            passages=passages,
            to_embed=to_embed,
            exact=exact and size.passages + size.papers <= _KEYS_LOOKED_UP,
            texts_a_second=rate,
            seconds=to_embed / rate if rate else None if to_embed else 0.0,
            disk_bytes=disk,
            free_bytes=free,
            warnings=_warnings(serving, target, disk, free),
        )

    def _cached_share(self, serving: KnowledgeBase, target: KnowledgeBase, embedder: Embedder) -> float:
        """Return which share of the vectors is cached; of texts yet to be cut, none is known to be."""
        if not same_passages(serving, target):
            return 0.0
        with self.catalog.read() as tx:
            keys = rebuilds.some_keys(tx, serving, _KEYS_LOOKED_UP)
        known = sorted({key for key in keys if key})
        cached: set[str] = set()
        for first in range(0, len(known), _KEYS_A_LOOK):
            cached.update(self.vectors.get(embedder.encoder, known[first : first + _KEYS_A_LOOK]))
        return sum(key in cached for key in keys) / len(keys) if keys else 1.0

    def _measured(self, serving: KnowledgeBase, target: KnowledgeBase, embedder: Embedder) -> float | None:
        """Return texts a second, of passages that the cache lacks; the model is loaded before."""
        with self.catalog.read() as tx:
            sample = rebuilds.sample(tx, serving, 8 * _MEASURED)
            found = papers.records(tx, [serving.id], sorted({row.paper for row in sample}))
        titles = {record.id: record.metadata.title for record in found}
        texts = [in_context(titles.get(row.paper, ""), row.section, row.text) for row in sample]
        cached = self.vectors.get(embedder.encoder, [row.text_key for row in sample if row.text_key])
        wanted = [text for row, text in zip(sample, texts, strict=True) if row.text_key not in cached]
        embedder.embed_query(target.name)
        began, done = time.monotonic(), 0
        # A slow model is not asked for all of them: somebody waits for the answer.
        while done < min(len(wanted), _MEASURED) and time.monotonic() - began < _MEASURING_SECONDS:
            texts = wanted[done : done + _TEXTS_A_CALL]
            try:
                embedder.embed_documents(texts)
            except TextsRefused:
                return None
            done += len(texts)
        return done / max(time.monotonic() - began, 1e-6) if done else None


def check_answers(embedder: Embedder) -> None:
    """Make sure that a model answers, and load it. Raises ServiceError."""
    embedder.embed_query("Does this model answer?")


def is_all_cached(catalog: Catalog, vectors: VectorCache, serving: KnowledgeBase, embedder: Embedder) -> bool:
    """Whether a look at some of the vectors finds all of them; it may err where most are there."""
    with catalog.read() as tx:
        keys = rebuilds.some_keys(tx, serving, _KEYS_A_LOOK)
    try:
        cached = vectors.get(embedder.encoder, sorted({key for key in keys if key}))
    except ServiceError:  # a server that says how wide its vectors are is not there
        return False
    return all(key in cached for key in keys)


def _passages_at(size: Size, serving: KnowledgeBase, target: KnowledgeBase, max_tokens: int) -> int:
    """Return about how many passages there will be, from how far passages advance in the text.

    As many as now where only the parser, the domain or the model changes; never less than one a paper.
    """
    before = _advance(serving, max_tokens)
    after = _advance(target, max_tokens)
    return max(round(size.passages * before / after), size.papers)


def _advance(knowledge_base: KnowledgeBase, max_tokens: int) -> float:
    chunking = knowledge_base.chunking
    size = min(chunking.size, max_tokens)
    return size * (1 - chunking.overlap / chunking.size)


def _bytes_of(size: Size, passages: int, to_embed: int, target: KnowledgeBase, width: int) -> int:
    """Return how much room it takes, while both generations are there."""
    growth = passages / size.passages if size.passages else 1.0
    index = (passages + size.papers) * (_SINGLE * (target.dimensions or width) + _INDEX_BYTES)
    rows = passages * _ROW_BYTES + round(size.text_bytes * growth)
    return index + rows + to_embed * _HALF * width


def _warnings(serving: KnowledgeBase, target: KnowledgeBase, disk: int, free: int) -> tuple[str, ...]:
    found = []
    if disk > free:
        room = tr("It needs about {needed} MB on the disk, and {free} MB may be used.")
        found.append(room.format(needed=disk // 1_000_000 + 1, free=free // 1_000_000))
    if target.parser != serving.parser:
        found.append(tr("Every file is read anew, which takes time besides."))
    if not same_passages(serving, target):
        found.append(tr("How many passages there will be, and which are cached, is not known before."))
    return tuple(found)
