"""Encryption of secrets in the catalog: AES-256-GCM under a key that lies beside it or in the settings."""

import base64
import binascii
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from carrel.core.account_errors import SecretKeyUnusable, SecretKeyWrong
from carrel.storage.files import written_whole

FILE_NAME = "secret.key"
OLDER_NAME = "secret.key.before"  # a key a line: of those that a restore was replacing
SETTING = "CARREL_SECRET_KEY"

_KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = "v1:"  # before every sealed text


class Sealer:
    """Seals and opens short texts. Safe to use from several threads and processes.

    The key is read, or made, when the first text is sealed or opened.
    """

    def __init__(self, folder: Path, secret_key: str = "") -> None:
        """Take the data folder, and the key in base64 where the settings have one."""
        self._path = folder / FILE_NAME
        self._older_path = folder / OLDER_NAME
        self._setting = secret_key.strip()
        self._key = b""
        self._lock = Lock()

    def seal(self, text: str, about: str) -> str:
        """Return the text encrypted; it opens only as what is about the same thing.

        Raises:
            SecretKeyUnusable: the key in the settings or the file is none.
            DataFolderNotWritable, StorageFull: the key cannot be kept.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._secret()).encrypt(nonce, text.encode("utf-8"), about.encode("utf-8"))
        return _VERSION + base64.b64encode(nonce + sealed).decode("ascii")

    def opened(self, sealed: str, about: str) -> str:
        """Return the text that was sealed about this.

        Raises:
            SecretKeyWrong: it was sealed with another key, about something else, or was changed.
            SecretKeyUnusable: the key in the settings or the file is none.
        """
        try:
            content = base64.b64decode(sealed.removeprefix(_VERSION), validate=True)
        except ValueError as error:
            raise SecretKeyWrong(path=self._place) from error
        for key in (self._secret(), *self._older()):
            if (text := _opened(content, about, key)) is not None:
                return text
        raise SecretKeyWrong(path=self._place)

    @property
    def _place(self) -> str:
        return SETTING if self._setting else str(self._path)

    def _secret(self) -> bytes:
        with self._lock:
            if not self._key:
                self._key = self._decoded(self._setting or self._file())
            return self._key

    def _file(self) -> str:
        try:
            return self._path.read_text(encoding="ascii")
        except FileNotFoundError:
            self._make()
            return self._path.read_text(encoding="ascii")
        except UnicodeDecodeError as error:
            raise SecretKeyUnusable(path=self._place) from error

    def _older(self) -> Iterator[bytes]:
        if not self._setting and self._older_path.exists():
            yield from map(self._decoded, self._older_path.read_text(encoding="ascii").split())

    def _make(self) -> None:
        """Make the file, readable by its owner alone; of several that make it at once, one does."""
        with written_whole(self._path.parent) as (stream, destination):
            stream.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
            destination.become_unless_there(self._path)

    def _decoded(self, text: str) -> bytes:
        standard = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
        try:
            key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
        except (binascii.Error, ValueError) as error:
            raise SecretKeyUnusable(path=self._place) from error
        if len(key) != _KEY_BYTES:
            raise SecretKeyUnusable(path=self._place)
        return key


@contextmanager
def key_kept(folder: Path) -> Iterator[None]:
    """Keep the key file aside while the block may replace it; where the block fails, it is there again.

    Killed in between, both keys are there, and what either of them sealed can be opened.
    """
    path, aside = folder / FILE_NAME, folder / OLDER_NAME
    key, older = _content(path), _content(aside)
    if key:
        _put(aside, older + key.strip() + b"\n")
    try:
        yield
    except BaseException:
        _put(path, key)
        _put(aside, older)
        raise
    _put(aside, b"")


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _put(path: Path, content: bytes) -> None:
    """Give a file this content, readable by its owner alone; without content there is no file."""
    if not content:
        path.unlink(missing_ok=True)
        return
    with written_whole(path.parent) as (stream, destination):
        stream.write(content)
        destination.become(path)


def _opened(content: bytes, about: str, key: bytes) -> str | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, sealed = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, sealed, about.encode("utf-8")).decode("utf-8")
    except (InvalidTag, ValueError):
        return None
