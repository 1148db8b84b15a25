"""``/shelves/ID``: a knowledge base, its papers in a table, and what is under way."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.paging import cursor, position
from carrel.core.accounts import Role
from carrel.core.knowledge_base import KnowledgeBase
from carrel.library.holdings import Holdings
from carrel.library.waiting import Waiting
from carrel.storage.job_lists import ListedJob
from carrel.storage.paper_pages import Order, SeenPaper, Wanted
from carrel.storage.tags import tag_key
from carrel.web.form_tokens import form_token
from carrel.web.reader import Reader
from carrel.web.rendering import rendered
from carrel.web.results import authors_in_short
from carrel.web.route import Looking, PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ROWS = 50
_SHOWN_JOBS = 12
_STATES = ("ready", "queued", "running", "handed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Listing:
    """Which papers of a knowledge base are looked at, as the address says."""

    base: str
    words: str = ""
    state: str = ""
    tag: str = ""
    order: Order = Order.NEWEST
    after: str = ""

    @classmethod
    def of(cls, base: str, request: Request) -> "Listing":
        """Return what an address asks for; what makes no sense is as if it were not there."""
        given = request.query_params
        order, state = given.get("order", ""), given.get("state", "")
        return cls(
            base,
            given.get("words", "").strip()[:200],
            state if state in _STATES else "",
            given.get("tag", "").strip()[:100],
            Order(order) if order in tuple(Order) else Order.NEWEST,
            given.get("after", "")[:1000],
        )

    def address(self, **changes: str) -> str:
        """Return the address of this listing with changes, from its beginning unless one is ``after``."""
        fields = {
            "words": self.words,
            "state": self.state,
            "tag": self.tag,
            "order": self.order.value,
            "after": "",
        } | changes
        said = {
            name: value for name, value in fields.items() if value and (name, value) != ("order", "newest")
        }
        return f"/shelves/{self.base}{'?' + urlencode(said) if said else ''}"


@dataclass(frozen=True, slots=True)
class UnderWay:
    """How many jobs have not ended, and the first of them."""

    count: int
    jobs: tuple[ListedJob, ...]


@router.get("/shelves/{base}")
def shelf(reader: Looking, request: Request, base: str) -> Response:
    """Show the knowledge base; the table's own requests get the table alone."""
    found, role = reader.access.shelves.with_role(base)
    listing = Listing.of(found.id, request)
    rows, following = _rows(reader, found, listing)
    part = request.headers.get("hx-target") == "papers"
    counts = Holdings(reader.access.services.catalog, reader.access.caller, found.id).counts()
    return rendered(
        request,
        "shelf_papers.html" if part else "shelf.html",
        shelf=found,
        role=role,
        may_edit=role.includes(Role.EDITOR),
        owns=role.includes(Role.OWNER),
        listing=listing,
        rows=rows,
        following=following,
        counts=counts,
        authors=authors_in_short,
        tags=Holdings(reader.access.services.catalog, reader.access.caller, found.id).tags(),
        token=form_token(reader, found.id),
        most_mb=reader.access.services.settings.upload_max_mb,
        most_files=reader.access.services.settings.upload_max_files,
        under_way=None if part else _under_way(reader, found),
    )


@router.get("/shelves/{base}/under-way")
def under_way(reader: Looking, request: Request, base: str, seen: int = -1) -> Response:
    """Show what is under way; ``seen``: how many papers were searchable then, to tell when more are."""
    found, role = reader.access.shelves.with_role(base)
    answer = rendered(
        request,
        "shelf_under_way.html",
        shelf=found,
        may_edit=role.includes(Role.EDITOR),
        under_way=_under_way(reader, found),
    )
    if seen not in (-1, found.papers):
        answer.headers["HX-Trigger"] = "papers-changed"
    return answer


def _under_way(reader: Reader, found: KnowledgeBase) -> UnderWay:
    waiting = Waiting(reader.access.services.catalog, reader.access.caller)
    return UnderWay(*waiting.under_way(found.id, _SHOWN_JOBS))


def _rows(reader: Reader, found: KnowledgeBase, listing: Listing) -> tuple[tuple[SeenPaper, ...], str]:
    """Return the papers of a page, and the cursor of the next one, "" on the last."""
    kind = f"papers-{listing.order}"
    key = int if listing.order is Order.YEAR else str
    start = position(listing.after or None, kind, key, str)
    wanted = Wanted(
        listing.order,
        listing.state,
        listing.words,
        None if start is None else (start[0], str(start[1])),
        (tag_key(listing.tag),) if listing.tag else (),
    )
    holdings = Holdings(reader.access.services.catalog, reader.access.caller, found.id)
    rows = holdings.page(wanted, ROWS + 1)
    last = rows[ROWS - 1] if len(rows) > ROWS else None
    return rows[:ROWS], cursor(kind, last.key, last.record.id) if last else ""
