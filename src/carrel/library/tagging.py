"""Tags: short labels that people give papers, within one knowledge base."""

import unicodedata
from collections.abc import Iterable, Sequence

from carrel.core.accounts import Caller
from carrel.core.audit import Action
from carrel.core.bibliography_errors import TagUnusable
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.library.auditing import record
from carrel.storage import tags
from carrel.storage.database import Transaction
from carrel.storage.tags import tag_key

LONGEST = 60  # characters
MOST = 50  # of one paper
_LONGEST_KEY = 200  # some letters become several when they are folded


def usable(labels: Iterable[str]) -> dict[str, str]:
    """Return labels by their keys, spaces put in order; of two alike the first.

    Raises:
        TagUnusable: one is empty, too long or not printable.
    """
    found: dict[str, str] = {}
    for label in labels:
        line = " ".join(label.split())
        key = tag_key(line)
        printable = not any(unicodedata.category(letter) in ("Cc", "Cs", "Cn") for letter in line)
        if not key or len(line) > LONGEST or len(key) > _LONGEST_KEY or not printable:
            raise TagUnusable(tag=label[:80], longest=LONGEST)
        found.setdefault(key, line)
    return found


def tag(
    tx: Transaction,
    caller: Caller,
    base: KnowledgeBase,
    papers: Sequence[PaperId],
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
) -> None:
    """Give papers labels and take others off, in a transaction of a caller who may change the base.

    Raises:
        TagUnusable: a label cannot be one, or a paper has too many.
    """
    new, gone = usable(add), {tag_key(label) for label in remove}
    for paper in papers:
        before = tags.keys_of(tx, base.id, paper)
        after = (before - gone) | new.keys()
        if len(after) > MOST:
            raise TagUnusable(tag=next(iter(new.values())), longest=LONGEST)
        if after == before:
            continue
        tags.remove(tx, base.id, [paper], sorted(before - after))
        tags.add(tx, base.id, [paper], {key: new[key] for key in after - before})
        said = ", ".join(tags.of_papers(tx, [base.id], [paper]).get((base.id, paper), ()))
        record(tx, caller, Action.PAPER_TAG, paper, {"knowledge_base": base.name, "tags": said})
