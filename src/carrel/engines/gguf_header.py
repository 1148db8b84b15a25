"""Reads what a GGUF file says of itself, without running anything of it; the file may be hostile.

Format: "GGUF", a version, the number of tensors and of entries; the entries (key, type, value); the
tensors (name, shape, type, offset). https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST_ENTRIES = 1 << 16  # real files have some forty entries and some hundred tensors
_LONGEST_NAME = 1 << 16
_LONGEST_TEXT = 1 << 24  # a chat template may be long
_MOST_SIDES = 8  # of a tensor

_STRING, _ARRAY = 8, 9
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_POOLING = {0: "none", 1: "mean", 2: "cls", 3: "last", 4: "rank"}  # llama.cpp's numbers

Value = bool | int | float | str
"""The value of an entry that is kept; those of arrays are not."""


class MalformedGguf(ValueError):
    """The file does not follow the format, or is cut off; the text says where."""


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a file says of the model in it. What it does not say is "", 0 or None."""

    architecture: str  # "qwen3"
    name: str
    context_length: int  # tokens that the model was made for
    embedding_length: int  # dimensions
    pooling: str  # "none", "mean", "cls", "last", "rank"
    tokenizer: str  # "gpt2" is byte-level BPE
    eos_token: int | None
    add_eos: bool | None  # whether that token is put behind every text
    rerank_prompt: str  # with {query} and {document}
    has_classifier: bool  # a reranker's two rows


def read_gguf_header(path: Path) -> GgufHeader:
    """Read the header; the tensors' numbers stay unread.

    Raises:
        MalformedGguf: the file does not follow the format, or ends before its tensors do.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        if path.stat().st_size < len(_MAGIC) + 20:
            raise MalformedGguf("it is too short to be a GGUF file")
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _header(_Cursor(content))


class _Cursor:
    """A place in the file; every step is checked against its end."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self.size = len(content)
        self.place = 0

    def take(self, length: int) -> bytes:
        begin = self.skip(length)
        return self._content[begin : self.place]

    def skip(self, length: int) -> int:
        """Step over so many bytes and return where they begin."""
        begin = self.place
        if length > self.size - begin:
            raise MalformedGguf(f"it ends at byte {self.size}, within its header")
        self.place = begin + length
        return begin

    def number(self, form: str) -> bool | int | float:
        form = f"<{form}"
        number: bool | int | float = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        return number

    def whole(self, form: str, most: int, what: str) -> int:
        number = int(self.number(form))
        if number > most:
            raise MalformedGguf(f"{what} is {number}, more than {most}")
        return number

    def text(self, most: int) -> str:
        return self.take(self.whole("Q", most, "the length of a text")).decode("utf-8", "replace")

    def skip_texts(self, count: int) -> None:
        """Step over texts: a vocabulary has 150,000, so that is all that is done with each."""
        content, size, place = self._content, self.size, self.place
        read = struct.Struct("<Q").unpack_from
        for _ in range(count):
            if place + 8 > size:  # skip says so; the count may be anything
                place += 8
                break
            place += 8 + int(read(content, place)[0])
        self.skip(place - self.place)


def _header(cursor: _Cursor) -> GgufHeader:
    if cursor.take(4) != _MAGIC:
        raise MalformedGguf("it does not begin as a GGUF file does")
    version = int(cursor.number("I"))
    if version not in _VERSIONS:
        raise MalformedGguf(f"version {version} of the format; {_VERSIONS[-1]} is the newest known")
    tensors = cursor.whole("Q", _MOST_ENTRIES, "the number of tensors")
    entries = cursor.whole("Q", _MOST_ENTRIES, "the number of entries")
    values: dict[str, Value] = {}
    for _ in range(entries):
        key = cursor.text(_LONGEST_NAME)
        value = _value(cursor, int(cursor.number("I")), key)
        if value is not None:
            values[key] = value
    names = _tensor_names(cursor, tensors, values)
    return _told(values, names)


def _value(cursor: _Cursor, kind: int, key: str) -> Value | None:
    """Read an entry's value; an array is stepped over and gives None."""
    if kind == _STRING:
        return cursor.text(_LONGEST_TEXT)
    if kind != _ARRAY:
        return cursor.number(_form(kind, key))
    kind = int(cursor.number("I"))
    count = cursor.whole("Q", cursor.size, f"the length of {key!r}")
    if kind == _STRING:
        cursor.skip_texts(count)
    else:  # arrays within arrays are allowed by the format, and no model has any
        cursor.skip(count * struct.calcsize(f"<{_form(kind, key)}"))
    return None


def _form(kind: int, key: str) -> str:
    if kind not in _NUMBERS:
        raise MalformedGguf(f"{key!r} has a value of an unknown type ({kind})")
    return _NUMBERS[kind]


def _tensor_names(cursor: _Cursor, count: int, values: Mapping[str, Value]) -> set[str]:
    names: set[str] = set()
    furthest = 0
    for _ in range(count):
        name = cursor.text(_LONGEST_NAME)
        sides = cursor.whole("I", _MOST_SIDES, f"the number of sides of {name!r}")
        cursor.skip(8 * sides + 4)
        furthest = max(furthest, int(cursor.number("Q")))
        names.add(name)
    alignment = max(1, _whole(values, "general.alignment") or 32)
    begin = -(-cursor.place // alignment) * alignment
    if names and begin + furthest >= cursor.size:
        raise MalformedGguf(f"it ends at byte {cursor.size}, before its last tensor at {begin + furthest}")
    return names


def _told(values: Mapping[str, Value], names: set[str]) -> GgufHeader:
    architecture = _text(values, "general.architecture")
    add_eos = values.get("tokenizer.ggml.add_eos_token")
    return GgufHeader(
        architecture=architecture,
        name=_text(values, "general.name"),
        context_length=_whole(values, f"{architecture}.context_length") or 0,
        embedding_length=_whole(values, f"{architecture}.embedding_length") or 0,
        pooling=_POOLING.get(_whole(values, f"{architecture}.pooling_type") or 0, "unknown")
        if f"{architecture}.pooling_type" in values
        else "",
        tokenizer=_text(values, "tokenizer.ggml.model"),
        eos_token=_whole(values, "tokenizer.ggml.eos_token_id"),
        add_eos=add_eos if isinstance(add_eos, bool) else None,
        rerank_prompt=_text(values, "tokenizer.chat_template.rerank"),
        has_classifier="cls.output.weight" in names,
    )


def _text(values: Mapping[str, Value], key: str) -> str:
    value = values.get(key, "")
    return value if isinstance(value, str) else ""


def _whole(values: Mapping[str, Value], key: str) -> int | None:
    value = values.get(key)
    return value if type(value) is int and value >= 0 else None
