"""An unlocker of the fake parser's files: one with ``password: X`` in its header is locked with X."""

from pathlib import Path

from carrel.core.file_errors import WrongPassword

_LOCK = "fail: EncryptedPdf\n"


class FakeUnlocker:
    """Opens files with one password. Every file it was asked for is in ``asked``."""

    def __init__(self, password: str) -> None:
        self._password = password
        self.asked: list[str] = []  # names, in order

    def unlocked(self, path: Path, name: str) -> bytes:
        self.asked.append(name)
        content = path.read_bytes().decode()
        if _LOCK not in content:
            return b""
        key = f"password: {self._password}\n"
        if key not in content:
            raise WrongPassword(name=name)
        return content.replace(_LOCK, "").replace(key, "").encode()
