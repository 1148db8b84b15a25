"""Opening encrypted PDFs with a password: pdfium in child processes, behind the ``Unlocker`` port."""

from pathlib import Path

from carrel.parsing.children import Children
from carrel.parsing.frames import Kind, Request


class PdfUnlocker:
    """Opens PDFs with one password, which is in no message, log or file.

    Args:
        children: where the files are opened, with limits.
        password: the user's or the owner's password.
    """

    def __init__(self, children: Children, password: str) -> None:
        self._children = children
        self._password = password

    def unlocked(self, path: Path, name: str) -> bytes:
        """Return the file as one that needs no password; nothing where it needs none as it is.

        Raises:
            WrongPassword: the password does not open it.
            PaperError: it cannot be opened for another reason.
            ParserUnavailable: no process could be started to open it in.
        """
        request = Request(str(path.absolute()), password=self._password)
        return self._children.ask(request, name, Kind.COPY)
