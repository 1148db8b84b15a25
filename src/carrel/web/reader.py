"""Who looks at a page, and how they like it: their session, their language, light or dark."""

from dataclasses import dataclass
from typing import Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from carrel.api.answering import preferred
from carrel.api.rest.access import Access, in_session, session_of
from carrel.api.rest.context import Rest, rest_of
from carrel.api.rest.origins import check_origin
from carrel.core.accounts import Role
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import ENGLISH, LANGUAGES
from carrel.core.rest_errors import NotSignedIn

LANGUAGE_COOKIE = "carrel_language"
THEME_COOKIE = "carrel_theme"
KEYS_COOKIE = "carrel_keys"
KEYS = ("on", "off")  # whether single letters and signs are keys, such as / and j
Theme = Literal["", "light", "dark"]  # "" is as the system has it
THEMES: tuple[Theme, ...] = ("", "light", "dark")


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """A signed-in person and their request: what every page is made for."""

    access: Access
    request: Request

    @property
    def rest(self) -> Rest:
        """The server as its routes know it."""
        return self.access.rest

    @property
    def name(self) -> str:
        """The name the person signs in with."""
        return self.access.caller.name

    @property
    def administrator(self) -> bool:
        """Whether the person runs the server."""
        return self.access.caller.administrator

    @property
    def csrf(self) -> str:
        """What forms must be sent with."""
        return self.access.session.csrf_token if self.access.session else ""

    def bases(self) -> tuple[tuple[KnowledgeBase, Role], ...]:
        """Return the knowledge bases that the person may see, with their role. Reads the catalog."""
        return self.access.shelves.with_roles()


async def reader_of(request: Request, csrf: str | None = None) -> Reader | None:
    """Return who looks; None where nobody is signed in. Pages are for sessions: an API key opens none.

    Args:
        request: what was asked.
        csrf: what a form was sent with; None: what the header says.

    Raises:
        CsrfMissing, CrossOrigin: a change is asked for, and not by a page of ours.
    """
    try:
        return Reader(await in_session(rest_of(request), request, csrf), request)
    except NotSignedIn:
        return None


async def signed_in(request: Request) -> Reader | None:
    """Return who looks, for a change whose own token (``form_tokens``) is checked by who asks for this.

    Raises:
        CrossOrigin: another site's page asks for it.
    """
    check_origin(request)
    session = await run_in_threadpool(session_of, rest_of(request), request)
    return None if session is None else Reader(session, request)


async def is_set_up(request: Request) -> bool:
    """Whether there is somebody who could sign in."""
    return await run_in_threadpool(rest_of(request).sign_in.anybody)


def language_of(request: Request) -> str:
    """Return the language of a page: as chosen on a page, as the browser says, as the server is set."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    settings = rest_of(request).services.settings
    return preferred(request.headers.get("accept-language", "")) or settings.language or ENGLISH


def theme_of(request: Request) -> Theme:
    """Return whether a page is to be light or dark whatever the system says."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return next((theme for theme in THEMES if theme == chosen), "")


def keys_of(request: Request) -> str:
    """Return whether single letters and signs are keys on a page: one of ``KEYS``."""
    return "off" if request.cookies.get(KEYS_COOKIE, "") == "off" else "on"
