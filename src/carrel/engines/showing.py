"""Requests and replies as a person reads them: long texts and vectors shortened, all of it printable."""

import json

_LONGEST_LINE = 300  # characters of what a server says
_LONGEST_TEXT = 300  # of one text in a body
_FIRST = 3  # of a longer one
_FEW = 8  # a list of no more is shown whole
_LONGEST_BODY = 4000


def one_line(content: bytes) -> str:
    """Return the beginning of a body as one printable line."""
    text = " ".join(content[: 4 * _LONGEST_LINE].decode("utf-8", "replace").split())
    line = "".join(character if character.isprintable() else "?" for character in text)
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"


def shortened_json(content: bytes) -> str:
    """Return a body as text: JSON with its vectors and long texts shortened, anything else as one line."""
    if not content:
        return ""
    try:
        text = json.dumps(_shortened(json.loads(content)), ensure_ascii=False)
    except ValueError:
        return one_line(content)
    return text if len(text) <= _LONGEST_BODY else text[: _LONGEST_BODY - 1] + "…"


def _shortened(value: object) -> object:
    if isinstance(value, str):
        if len(value) <= _LONGEST_TEXT:
            return value
        return f"{value[:60]}… ({len(value)} characters)"
    if isinstance(value, dict):
        return {name: _shortened(each) for name, each in value.items()}
    if isinstance(value, list):
        shown = value if len(value) <= _FEW else value[:_FIRST]
        return [*map(_shortened, shown), *([] if shown is value else [f"… {len(value)} in all"])]
    return round(value, 6) if isinstance(value, float) else value
