"""The cookie of a session: set with the first answer of it, taken back with the last one."""

from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.access import SESSION_COOKIE
from carrel.library.signing_in import LONGEST


def keep_session(request: Request, response: Response, token: str) -> None:
    """Let the browser keep a session's token, out of the reach of scripts and of other sites' forms."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )


def forget_session(request: Request, response: Response) -> None:
    """Let the browser forget it."""
    response.delete_cookie(SESSION_COOKIE, path="/", secure=is_secure(request), httponly=True, samesite="lax")


def is_secure(request: Request) -> bool:
    """Whether the browser speaks HTTPS, be it to a proxy: then a cookie goes over nothing else."""
    said = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return request.url.scheme == "https" or said == "https"
