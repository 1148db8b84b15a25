"""What every answer has: headers that keep browsers careful; and the language that it is written in."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from carrel.core.language import ENGLISH, LANGUAGES, use_language

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class Answering:
    """Sets the reader's language for the request, and headers that the answer has not set itself."""

    def __init__(self, app: ASGIApp, language: str = "") -> None:
        """Take what answers, and the language of whoever asks for none."""
        self._app = app
        self._language = language or ENGLISH

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        language = preferred(Headers(scope=scope).get("accept-language", "")) or self._language
        use_language(language)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if "json" in headers.get("content-type", ""):
                    headers.setdefault("Content-Language", language)
            await send(message)

        await self._app(scope, receive, with_headers)


def preferred(header: str) -> str:
    """Return which of our languages an Accept-Language header likes best; "" where it likes none."""
    best, liked = "", 0.0
    for part in header[:500].split(","):
        name, _, weight = part.partition(";q=")
        language = name.strip().lower().partition("-")[0]
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        if language in LANGUAGES and liked < quality <= 1:
            best, liked = language, quality
    return best
