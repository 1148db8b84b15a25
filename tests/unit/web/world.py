"""The pages in process: a server with people, a browser of each of them, and every address there is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from fastapi.routing import APIRoute
from lxml import html

from carrel.core.errors import NotAPdf
from carrel.core.knowledge_base import KnowledgeBase
from carrel.web.compose import add_pages
from carrel.web.route import PageRoute
from tests.fakes.parser import fake_pdf
from tests.unit.api.rest.lab import Lab, lab

CSRF = "csrf"  # of every session of the lab

# Every page, by who is let see it: anybody, who is signed in, members of a knowledge base, administrators.
ANYBODY = ("/sign-in", "/sign-up", "/welcome")
SIGNED_IN = (
    "/",
    "/glance",
    "/jobs",
    "/settings",
    "/settings/password",
    "/shelves",
    "/welcome/library",
)
OF_ADMINISTRATORS = (
    "/settings/audit",
    "/settings/models",
    "/settings/models/new",
    "/settings/storage",
    "/settings/users",
)
OF_A_SERVER = ("/settings/models/{endpoint}",)  # of a model: there is none in this house
OF_MEMBERS = (
    "/shelves/{base}",
    "/shelves/{base}/judgments",
    "/shelves/{base}/papers/{paper}",
    "/shelves/{base}/papers/{paper}/cite",
    "/shelves/{base}/papers/{paper}/pages/{number}/words",
    "/shelves/{base}/papers/{paper}/references",
    "/shelves/{base}/papers/{paper}/similar",
    "/shelves/{base}/settings",
    "/shelves/{base}/sharing",
    "/shelves/{base}/under-way",
)
OF_OWNERS = (
    "/shelves/{base}/vectorization",
    "/shelves/{base}/vectorization/progress",
    "/shelves/{base}/vectorization/recall",
)
OF_EDITORS = ("/shelves/{base}/papers/{paper}/correct",)
WITH_FIELDS = ("/export", "/shelves/{base}/judgments/export", "/telling")  # that they cannot do without
# Every form, by the least role that may send it.
FORMS_OF_ANYBODY = ("/looks", "/sign-in", "/sign-up", "/welcome")
FORMS_OF_SIGNED_IN = (
    "/jobs",
    "/settings/keys",
    "/settings/keys/revoke",
    "/settings/password",
    "/settings/sessions/end",
    "/shelves",
    "/sign-out",
    "/welcome/library",
)
FORMS_OF_ADMINISTRATORS = (
    "/settings/models/dictionary",
    "/settings/models/new",
    "/settings/models/test",
    "/settings/models/test-settings",
    "/settings/models/{endpoint}",
    "/settings/models/{endpoint}/delete",
    "/settings/storage/look",
    "/settings/users",
    "/settings/users/change",
    "/settings/users/delete",
    "/settings/users/password",
    "/settings/users/sign-up",
)
FORMS_OF_VIEWERS = (
    "/shelves/{base}/judgments/take-back",
    "/shelves/{base}/papers/{paper}/judge",
)
FORMS_OF_MEMBERS = (
    "/shelves/{base}/delete",
    "/shelves/{base}/judgments/import",
    "/shelves/{base}/papers",
    "/shelves/{base}/papers/{paper}/correct",
    "/shelves/{base}/papers/{paper}/retry",
    "/shelves/{base}/pause",
    "/shelves/{base}/selected",
    "/shelves/{base}/settings",
    "/shelves/{base}/sharing",
    "/shelves/{base}/sharing/remove",
    "/shelves/{base}/vectorization",
    "/shelves/{base}/vectorization/estimate",
    "/shelves/{base}/vectorization/steps",
)


@dataclass(frozen=True)
class House:
    """The server, and a knowledge base with a paper, one that failed, and one that waits."""

    lab: Lab
    base: KnowledgeBase
    paper: str
    failed: str
    waiting: str

    def see(self, path: str, who: str = "viewer", **headers: str) -> httpx2.Response:
        """Return a page as somebody sees it; ``nobody`` is not signed in."""
        return self._ask("GET", path, who, headers)

    def send(self, path: str, who: str = "owner", csrf: str = CSRF, **fields: str) -> httpx2.Response:
        """Send a form as somebody does it."""
        return self._ask("POST", path, who, {}, {"csrf": csrf, **fields})

    def at(self, path: str) -> str:
        """Return the address of a page of this knowledge base and this paper."""
        return path.format(base=self.base.id, paper=self.paper, number=1, endpoint="0" * 32)

    def take_in(self, name: str, content: bytes) -> str:
        """Put a file into the knowledge base and see it through; return the paper's id."""
        accepted = self.lab.world.accept_bytes(name, content, self.base.id)
        self.lab.world.work()
        return accepted.paper_id

    def addresses(self) -> list[str]:
        """Return every page that an administrator who is a member sees, in each of its states."""
        with_papers = (self.at(path) for path in OF_MEMBERS + OF_EDITORS + OF_OWNERS[:1])
        paper, base = self.at("/shelves/{base}/papers/{paper}"), f"/shelves/{self.base.id}"
        states = (
            "/?q=whales+sing",
            "/?q=whales&why=1&timings=1&year=1800..1900&author=Moby&mode=lexical",
            "/?q=whales&year=long+ago",
            "/?q=%22whales+sing%22+-%22the+krill%22+author%3Amoby&why=1",
            "/?q=author%3Amoby",
            f"/?like={self.paper}",
            "/?q=whales&prefer=recent&prefer=cited&diverse=1&why=1",
            "/?q=" + "nothing" * 30 + "&mode=lexical",
            f"{paper}?q=whales&page=2",
            f"{paper}?find=whales&at=2",
            f"{paper}?find=walrus",
            f"{base}/papers/{self.failed}",
            f"{base}/papers/{self.waiting}",
            f"{base}?state=failed",
            f"{base}?words=nothing+like+it&order=title",
            "/jobs?state=failed",
            "/settings/audit?action=nothing",
            "/settings/password?done=1",
            "/sign-in?next=/shelves",
            "/nothing-here",
            "/shelves/nothing",
        )
        return [*ANYBODY, *SIGNED_IN, *OF_ADMINISTRATORS, *with_papers, *states]

    def _ask(
        self, method: str, path: str, who: str, headers: dict[str, str], form: dict[str, str] | None = None
    ) -> httpx2.Response:
        cookie = {} if who == "nobody" else {"Cookie": f"carrel_session={who}-session"}
        answer: httpx2.Response = self.lab.client.request(
            method, path, data=form, headers=cookie | headers, follow_redirects=False
        )
        return answer


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Open the server on a fresh data folder. The administrator is a member like everybody else."""
    with lab(folder, furnish=add_pages) as opened:
        base = opened.base("Sea animals")
        whales = opened.world.accept_bytes("whales.pdf", whale_paper(), base.id)
        seals = fake_pdf(
            "Seals of the Shore", "Seals bark, and whales do not.", authors="Ada Moby", year="1999"
        )
        opened.world.accept_bytes("seals.pdf", seals, base.id)
        odd = fake_pdf("Odd", "words", fail=NotAPdf.__name__)
        failed = opened.world.accept_bytes("odd.pdf", odd, base.id)
        opened.world.work()
        waiting = opened.world.accept_bytes("late.pdf", fake_pdf("Late", "It comes late."), base.id)
        yield House(opened, base, whales.paper_id, failed.paper_id, waiting.paper_id)


def whale_paper() -> bytes:
    """Return a paper of two pages that says what it is, in full."""
    return fake_pdf(
        "Whales of the North",
        "# Introduction\n\nWhales sing in the deep water.\nTheir songs travel far.",
        "# Results\n\nNarwhals click, and krill is what the whales eat.",
        authors="Ada Moby; Ishmael",
        year="1851",
        venue="Journal of the Sea",
        doi="10.1000/whales",
        abstract="Whales were listened to.",
    )


def routes(opened: Lab) -> dict[str, set[str]]:
    """Return the paths of the pages' routes by method."""
    found: dict[str, set[str]] = {"GET": set(), "POST": set()}
    for route in opened.client.app.routes:  # type: ignore[attr-defined]
        if isinstance(route, APIRoute) and isinstance(route, PageRoute):
            for method in route.methods or ():
                found.setdefault(method, set()).add(route.path)
    return found


def tree(answer: httpx2.Response) -> html.HtmlElement:
    """Return an answer as a browser takes it apart; a part of a page may be empty."""
    return html.document_fromstring(answer.text if answer.text.strip() else "<html></html>")


def words(answer: httpx2.Response) -> str:
    """Return what can be read on a page, its spaces evened."""
    return re.sub(r"\s+", " ", tree(answer).text_content())
