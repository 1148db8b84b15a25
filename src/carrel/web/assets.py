"""Styles, scripts, fonts and marks: our own, and what ``make frontend`` brings from npm.

The parts of the stylesheet are one file to the browser. Addresses carry a hash of the content, so that
browsers keep what they have and never keep what is old.
"""

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.route import HeadRoute
from carrel.core.rest_errors import NothingThere

router = APIRouter(route_class=HeadRoute, include_in_schema=False)

PREFIX = "/static"
STYLESHEET = "carrel.css"
_FOR_A_YEAR = "public, max-age=31536000, immutable"
mimetypes.add_type("font/woff2", ".woff2")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as the browser gets it."""

    content: bytes
    media_type: str
    address: str


@cache
def assets() -> dict[str, Asset]:
    """Return every file by its name, such as ``js/search.js``."""
    folder = resources.files("carrel.web").joinpath("static")
    found = {name: content for name, content in _files(folder, "") if not name.startswith("css/")}
    parts = [content for name, content in sorted(_files(folder.joinpath("css"), ""))]
    made = {name: _asset(name, content) for name, content in found.items()}
    sheet = b"\n".join(parts)
    for name, asset in made.items():  # fonts are named in the stylesheet
        sheet = sheet.replace(f'"{PREFIX}/{name}"'.encode(), f'"{asset.address}"'.encode())
    return made | {STYLESHEET: _asset(STYLESHEET, sheet)}


def address(name: str) -> str:
    """Return where a file is; "" where it was not built, which pages are made to do without."""
    found = assets().get(name)
    return found.address if found else ""


@router.get(PREFIX + "/{version}/{name:path}")
def file(request: Request, name: str) -> Response:
    """Send a file. Browsers may keep it: another content has another address."""
    found = assets().get(name)
    if found is None or found.address != request.url.path:
        # Of a version before this one: the page that asks is old, and a reload mends it.
        return Response(str(NothingThere(path=request.url.path)), 404, media_type="text/plain")
    headers = {"Cache-Control": _FOR_A_YEAR, "Cross-Origin-Resource-Policy": "same-origin"}
    return Response(found.content, headers=headers, media_type=found.media_type)


def _files(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _files(entry, f"{prefix}{entry.name}/")
        elif not entry.name.startswith("."):
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


def _asset(name: str, content: bytes) -> Asset:
    version = hashlib.sha256(content).hexdigest()[:12]
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(content, media_type, f"{PREFIX}/{version}/{name}")
