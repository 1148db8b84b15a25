"""Asking the server that runs on the same data folder, with the token that only its user can read."""

import json
from collections.abc import Mapping

from carrel.cli.output import Json
from carrel.cli.server_file import Running
from carrel.core.json_values import as_object
from carrel.core.language import language
from carrel.core.server_errors import ServerRefuses, ServerSilent, hint_without_server

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 300.0  # a reranker or a model on a processor may take its time
_LARGEST = 256 << 20


def ask(running: Running, path: str, question: Mapping[str, Json]) -> dict[str, object] | None:
    """Return the server's answer to ``POST path``; None where nobody listens there any more.

    Raises:
        ServerRefuses: it answered with an error.
        ServerSilent: it did not answer, or not as it should.
    """
    import httpx2

    timeout = httpx2.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS)
    headers = {
        "Authorization": f"Bearer {running.token}",
        "Accept-Language": language(),
        "Content-Type": "application/json",
    }
    # A command line may hold bytes that are no text; they are replaced, as the search itself does.
    content = json.dumps(question, ensure_ascii=False).encode("utf-8", "replace")
    try:
        with httpx2.Client(timeout=timeout, trust_env=False, follow_redirects=False) as client:
            answer = client.post(running.url + path, content=content, headers=headers)
    except httpx2.ConnectError:
        return None
    except httpx2.HTTPError as error:
        raise ServerSilent(url=running.url, detail=str(error) or type(error).__name__) from error
    if len(answer.content) > _LARGEST:
        raise ServerSilent(url=running.url, detail="too long")
    try:
        document = as_object(json.loads(answer.content))
    except (ValueError, RecursionError) as error:
        raise ServerSilent(url=running.url, detail=f"HTTP {answer.status_code}") from error
    if answer.status_code == 200:
        return document
    kind = str(document.get("kind") or "server-refuses")
    # The server's hint is for who asks over HTTP; the command line has its own.
    hint = hint_without_server(kind) or document.get("hint")
    said = " ".join(str(each) for each in (document.get("detail"), hint) if each)
    raise ServerRefuses(kind=kind, message=said or f"HTTP {answer.status_code}")
