"""Versions of one paper in the catalog: pairs that were recognised, and the groups that they form.

What is kept is true of two papers alone, whatever else there is: a pair is linked or it is not. Groups
are made of the links when they are asked for, among the papers of the knowledge bases that the asker may
read. So they depend neither on the order in which papers came nor on papers that the asker may not know
of, and when a paper goes, what it alone held together falls apart again.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.likeness import Likeness, keys, same_work
from carrel.storage.database import Row, Transaction

# Papers that a key may lead to: more of them than a work has versions. A key that thousands share, such as
# a journal's identifier misread as the paper's, costs no more than that.
_PAPERS_A_KEY = 64
_COMPARED = 256
_IDS_A_STATEMENT = 10_000


def record(tx: Transaction, paper: PaperId, likeness: Likeness) -> None:
    """Record what a paper is recognised by, and link it to its versions. Twice is once.

    A few dozen indexed look-ups, however many papers there are.
    """
    forget(tx, paper)
    tx.run(
        """
        INSERT INTO likenesses (paper_id, sketch, pieces, title, surnames, identifiers)
        VALUES (:paper, :sketch, :pieces, :title, :surnames, :identifiers)
        """,
        paper=paper,
        sketch=likeness.sketch,
        pieces=likeness.pieces,
        title=likeness.title,
        surnames=json.dumps(likeness.surnames, ensure_ascii=False),
        identifiers=json.dumps(likeness.identifiers, ensure_ascii=False),
    )
    found = keys(likeness)
    candidates = _sharing(tx, found)
    tx.run_many(
        """
        INSERT INTO likeness_keys
        SELECT :key, number FROM likenesses WHERE paper_id = :paper
        ON CONFLICT DO NOTHING
        """,
        ({"key": key, "paper": paper} for key in found),
    )
    for other, seen in candidates.items():
        if same_work(likeness, seen):
            for here, there in ((paper, other), (other, paper)):
                tx.run("INSERT INTO version_links VALUES (:here, :there)", here=here, there=there)


def forget(tx: Transaction, paper: PaperId) -> None:
    """Forget what a paper is recognised by, and its links. No effect where nothing is known of it."""
    row = tx.row("SELECT * FROM likenesses WHERE paper_id = :paper", paper=paper)
    if row is None:
        return
    for key in keys(_likeness(row)):
        tx.run(
            "DELETE FROM likeness_keys WHERE key = :key AND number = :number", key=key, number=row["number"]
        )
    tx.run(
        """
        DELETE FROM version_links WHERE other_id = :paper
            AND paper_id IN (SELECT other_id FROM version_links WHERE paper_id = :paper)
        """,
        paper=paper,
    )
    tx.run("DELETE FROM version_links WHERE paper_id = :paper", paper=paper)
    tx.run("DELETE FROM likenesses WHERE paper_id = :paper", paper=paper)


def groups(
    tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId], papers: Sequence[PaperId]
) -> dict[PaperId, frozenset[PaperId]]:
    """Return the versions of these papers, themselves included, by the id of each; a paper alone is left out.

    Only papers that are searchable in the knowledge bases count and lead on to others. Every version is a
    key of the result, whether it was asked for or not.
    """
    links: list[tuple[PaperId, PaperId]] = []
    for first in range(0, len(papers), _IDS_A_STATEMENT):
        rows = tx.rows(
            """
            WITH RECURSIVE reached(paper_id) AS (
                SELECT paper_id FROM version_links WHERE paper_id IN :papers AND EXISTS (
                    SELECT 1 FROM holdings WHERE holdings.paper_id = version_links.paper_id
                        AND knowledge_base_id IN :knowledge_bases
                )
                UNION
                SELECT other_id FROM reached JOIN version_links USING (paper_id) WHERE EXISTS (
                    SELECT 1 FROM holdings WHERE holdings.paper_id = other_id
                        AND knowledge_base_id IN :knowledge_bases
                )
            )
            SELECT paper_id, other_id FROM version_links
            WHERE paper_id IN (SELECT paper_id FROM reached) AND other_id IN (SELECT paper_id FROM reached)
            """,
            knowledge_bases=knowledge_base_ids,
            papers=papers[first : first + _IDS_A_STATEMENT],
        )
        links.extend((PaperId(row["paper_id"]), PaperId(row["other_id"])) for row in rows)
    return _connected(links)


def _connected(links: Iterable[tuple[PaperId, PaperId]]) -> dict[PaperId, frozenset[PaperId]]:
    neighbours: dict[PaperId, set[PaperId]] = {}
    for one, other in links:
        neighbours.setdefault(one, set()).add(other)
    groups: dict[PaperId, frozenset[PaperId]] = {}
    for paper in neighbours:
        if paper not in groups:
            group = frozenset(_reachable(paper, neighbours))
            groups.update(dict.fromkeys(group, group))
    return groups


def _reachable(paper: PaperId, neighbours: Mapping[PaperId, set[PaperId]]) -> Iterator[PaperId]:
    seen, ahead = {paper}, [paper]
    while ahead:
        found = ahead.pop()
        yield found
        ahead.extend(neighbours[found] - seen)
        seen |= neighbours[found]


def _sharing(tx: Transaction, wanted: Iterable[int]) -> dict[PaperId, Likeness]:
    """Return what is known of the papers that share a key with these, those that share most first."""
    shared: Counter[int] = Counter()
    for key in wanted:
        rows = tx.rows(
            "SELECT number FROM likeness_keys WHERE key = :key ORDER BY number LIMIT :limit",
            key=key,
            limit=_PAPERS_A_KEY,
        )
        shared.update(row["number"] for row in rows)
    best = [number for number, _ in shared.most_common(_COMPARED)]
    rows = tx.rows("SELECT * FROM likenesses WHERE number IN :best", best=best)
    return {PaperId(row["paper_id"]): _likeness(row) for row in rows}


def _likeness(row: Row) -> Likeness:
    return Likeness(
        sketch=row["sketch"],
        pieces=row["pieces"],
        title=row["title"],
        surnames=tuple(json.loads(row["surnames"])),
        identifiers=tuple(json.loads(row["identifiers"])),
    )
