"""Files of a multipart upload, one after the other, each in a temporary file: never whole in memory."""

import asyncio
import re
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from carrel.core.gateway_errors import BodyTooSlow
from carrel.core.language import tr
from carrel.core.rest_errors import (
    BodyOverLimit,
    ContentNotTaken,
    TooManyFiles,
    UploadOverLimit,
    UploadUnreadable,
)
from carrel.storage.files import disk_errors, written_whole

_MULTIPART = b"multipart/form-data"
_LONGEST_NAME = 255
_NAMELESS = "upload"
_MOST_HEADERS, _LONGEST_HEADER = 8, 4096
_MOST_BESIDE = 8 * 2**20  # bytes that are no file's: headers, fields, what lies before and behind
_MOST_FOR_NOTHING = 64 * 2**20  # of files that are too large, so that their sender comes to hear of it
_SILENCE_SECONDS = 60
_WRITE_BYTES = 2**20
_SEPARATORS = re.compile(r"[/\\]")


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How much one upload may bring."""

    file_bytes: int
    files: int

    @property
    def file_mb(self) -> int:
        """The largest file, in megabytes."""
        return self.file_bytes // 2**20

    def check(self, announced: int) -> None:
        """Raise BodyOverLimit where no upload of so many bytes could be within these limits."""
        if announced > self.file_bytes * self.files + _MOST_BESIDE:
            raise BodyOverLimit(limit=f"{self.file_mb * self.files} MB")


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that came whole; its stream, at the beginning, is there until the next one is asked for."""

    name: str  # as it is shown: no path, no control characters
    size: int
    stream: BinaryIO
    over_limit: bool = False  # then there is nothing in the stream


async def uploaded_files(
    request: Request, folder: Path, limits: UploadLimits
) -> AsyncGenerator[UploadedFile, None]:
    """Yield the files of an upload as they are whole. What was not yielded leaves nothing behind.

    Raises:
        ContentNotTaken: it is no multipart upload.
        UploadUnreadable: it is broken, ends too early, or has too much beside its files.
        TooManyFiles: it has more files than may be.
        UploadOverLimit: a file is so large that its end is not waited for.
        BodyTooSlow: nothing came for too long.
        StorageFull, DataFolderNotWritable: there is no room for the temporary file.
        ClientDisconnect: the client is gone.
    """
    parts = _Parts(_boundary(request))
    upload = _Upload(folder, limits)
    try:
        async for chunk in _chunks(request):
            upload.beside += len(chunk)
            for what, data in parts.feed(chunk):
                if what == "headers":
                    upload.begin(*_file_name(data))
                elif what == "data":
                    await upload.write(data)
                elif (file := await upload.end()) is not None:
                    yield file
            upload.check()
        if not parts.complete:
            raise UploadUnreadable(detail=tr("it ends too early"))
    finally:
        upload.close()


class _Upload:
    """The file that comes in, and how much has come."""

    def __init__(self, folder: Path, limits: UploadLimits) -> None:
        self._folder = folder
        self._limits = limits
        self._opened = ExitStack()  # the temporary file
        self._stream: BinaryIO | None = None  # None in a part that is no file
        self._name = ""
        self._size = 0
        self._files = 0
        self._pending = bytearray()
        self.beside = 0  # bytes that are no file's
        self._for_nothing = 0  # of files that are too large

    def begin(self, is_file: bool, name: str) -> None:
        """Begin a part. Raises TooManyFiles, StorageFull."""
        self.close()
        self._name, self._size = name, 0
        if is_file:
            self._files += 1
            if self._files > self._limits.files:
                raise TooManyFiles(limit=self._limits.files)
            self._stream, _ = self._opened.enter_context(written_whole(self._folder))

    async def write(self, data: bytes) -> None:
        """Take some of a part's bytes."""
        if self._stream is None:
            return
        self.beside -= len(data)
        self._size += len(data)
        if self._size > self._limits.file_bytes:
            self._for_nothing += len(data)
            self._pending.clear()
        else:
            self._pending += data
            await self._flush(_WRITE_BYTES)

    async def end(self) -> UploadedFile | None:
        """Return the file that is whole now; None for a part that is none, or a form's empty choice."""
        if self._stream is None:
            return None
        over = self._size > self._limits.file_bytes
        await self._flush(1)
        with disk_errors(self._folder):
            self._stream.seek(0)  # writes what is still in its buffer
        return UploadedFile(self._name or _NAMELESS, self._size, self._stream, over) if self._named else None

    @property
    def _named(self) -> bool:
        return bool(self._name or self._size)

    def check(self) -> None:
        """Raise UploadOverLimit or UploadUnreadable where too much came that is of no use."""
        if self._for_nothing > _MOST_FOR_NOTHING:
            raise UploadOverLimit(name=self._name or _NAMELESS, limit=self._limits.file_mb)
        if self.beside > _MOST_BESIDE:
            raise UploadUnreadable(detail=tr("it has too much beside files that are taken"))

    def close(self) -> None:
        """Delete the temporary file, if there is one."""
        self._stream = None
        self._pending.clear()
        self._opened.close()

    async def _flush(self, least: int) -> None:
        """Write what has come in once it is so much; in a thread, for a disk can be slow."""
        if len(self._pending) >= least:
            assert self._stream is not None
            with disk_errors(self._folder):
                await run_in_threadpool(self._stream.write, bytes(self._pending))
            self._pending.clear()


class _Parts:
    """Feeds the push parser and returns what it saw."""

    def __init__(self, boundary: bytes) -> None:
        self._disposition = b""
        self.complete = False
        self._seen: list[tuple[str, bytes]] = []
        self._name, self._value = b"", b""
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": lambda: self._seen.append(("headers", self._disposition)),
                    "on_part_data": lambda data, start, end: self._seen.append(("data", data[start:end])),
                    "on_part_end": lambda: self._seen.append(("end", b"")),
                    "on_end": self._end,
                },
                max_header_count=_MOST_HEADERS,
                max_header_size=_LONGEST_HEADER,
            )
        except FormParserError as error:
            raise UploadUnreadable(detail=tr("its boundary is too long")) from error

    def feed(self, chunk: bytes) -> list[tuple[str, bytes]]:
        """Return what a chunk brought. Raises UploadUnreadable where it breaks the form."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise UploadUnreadable(detail=tr("it is not in the form of multipart/form-data")) from error
        seen, self._seen = self._seen, []
        return seen

    def _begin(self) -> None:
        self._disposition = b""

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name, self._value = b"", b""

    def _end(self) -> None:
        self.complete = True


def shown_file_name(name: str) -> str:
    """Return a file's name without folders and what could steer a terminal; "" where none is left."""
    base = _SEPARATORS.split(unicodedata.normalize("NFC", name))[-1]
    base = "".join("" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in base)
    base = base.strip() if base.strip(". ") else ""
    stem, dot, ending = base.rpartition(".")
    if len(base) > _LONGEST_NAME:
        kept = dot + ending if len(ending) <= 10 else ""
        base = (stem or base)[: _LONGEST_NAME - len(kept)] + kept
    return base


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != _MULTIPART:
        raise ContentNotTaken(expected="multipart/form-data")
    if not options.get(b"boundary"):
        raise UploadUnreadable(detail=tr("its Content-Type names no boundary"))
    return options[b"boundary"]


def _file_name(disposition: bytes) -> tuple[bool, str]:
    """Return whether a part is a file, and its name."""
    _, options = parse_options_header(disposition.decode("latin-1"))
    if b"filename" not in options:
        return False, ""
    return True, shown_file_name(options[b"filename"].decode("utf-8", "replace"))


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise BodyTooSlow(seconds=_SILENCE_SECONDS) from error
        if chunk:
            yield chunk
