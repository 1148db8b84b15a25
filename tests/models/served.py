"""Asking a server on this machine as a plain client would: JSON in, JSON out."""

import json
import urllib.error
import urllib.request

import pytest

from carrel.engines.gguf_process import LocalServer


def needs_llama() -> None:
    """Skip where llama.cpp is not installed; it is a development dependency, so CI never skips."""
    pytest.importorskip("xllamacpp", reason="xllamacpp is not installed: pip install 'carrel[gguf]'")


def ask(
    server: LocalServer, where: str, key: str | None = None, **question: object
) -> tuple[int, dict[str, object]]:
    """POST a question below the server's address and return status and document."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key or server.api_key}"}
    request = urllib.request.Request(f"{server.url}{where}", json.dumps(question).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
