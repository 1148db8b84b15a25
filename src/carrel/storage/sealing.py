"""Encryption of secrets in the catalog: AES-256-GCM under a key that lies beside it or in the settings."""

import base64
import binascii
import os
from pathlib import Path
from threading import Lock

from carrel.core.account_errors import SecretKeyUnusable, SecretKeyWrong
from carrel.storage.files import written_whole

FILE_NAME = "secret.key"
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
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            content = base64.b64decode(sealed.removeprefix(_VERSION), validate=True)
            opened = AESGCM(self._secret()).decrypt(
                content[:_NONCE_BYTES], content[_NONCE_BYTES:], about.encode("utf-8")
            )
        except (InvalidTag, ValueError) as error:
            raise SecretKeyWrong(path=self._place) from error
        return opened.decode("utf-8")

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
