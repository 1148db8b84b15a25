"""The dictionary that searches use: opened when first needed, fetched and removed by who runs the server."""

import contextvars
import logging
import threading
from collections.abc import Callable

from carrel.config import Settings
from carrel.core.accounts import Caller
from carrel.core.audit import Action
from carrel.core.errors import CarrelError, InvalidSetting
from carrel.core.translation import Dictionary
from carrel.library.access import administrators_only
from carrel.library.auditing import record
from carrel.storage.database import Catalog

CEDICT, OFF = "cc-cedict", "off"
_SUBJECT = "dictionary"

_log = logging.getLogger(__name__)


class DictionaryInUse:
    """What the settings allow and this machine has. Safe to use from several threads.

    Looked for anew each time: it may be fetched or removed, by whomever, while a server runs.
    """

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        """Take the settings. Raises InvalidSetting where they name a dictionary that there is not."""
        if settings.dictionary not in (CEDICT, OFF):
            raise InvalidSetting(
                name="CARREL_DICTIONARY", value=settings.dictionary, expected=f"{CEDICT} or {OFF}"
            )
        self._settings = settings
        self._catalog = catalog
        self._lock = threading.Lock()
        self._opened: Dictionary | None = None
        self._making: threading.Thread | None = None
        self.error: CarrelError | None = None  # why it could not be made ready the last time

    @property
    def is_off(self) -> bool:
        """Whether the settings want none."""
        return self._settings.dictionary == OFF

    @property
    def is_coming(self) -> bool:
        """Whether it is being fetched, or made ready, by this process."""
        return self._making is not None and self._making.is_alive()

    def get(self) -> Dictionary | None:
        """Return the dictionary, at once; None where there is none, it is switched off, or not ready yet.

        One that another version of Carrel compiled is made ready meanwhile, in a thread.
        """
        from carrel.engines.dictionaries import (
            compile_dictionary,
            has_dictionary,
            is_compiled,
            open_dictionary,
        )

        if self.is_off:
            return None
        cache = self._settings.cache
        with self._lock:
            if not is_compiled(cache):
                self._opened = None
            elif self._opened is None:
                self._opened = open_dictionary(cache)
            if self._opened is None and self.error is None and has_dictionary(cache):
                self._begin(lambda: compile_dictionary(cache))
            return self._opened

    def wait(self) -> None:
        """Wait until what is on this machine is ready: for a command, which would end before the thread."""
        self.get()
        if (making := self._making) is not None:
            making.join()

    def fetch(self, caller: Caller) -> None:
        """Begin to fetch it, in a thread: by this the caller consents. Raises as ``administrators_only``."""
        from carrel.engines.dictionaries import prepare_dictionary

        administrators_only(caller)
        if self.get() is not None or self.is_coming:
            return
        with self._catalog.write() as tx:
            record(tx, caller, Action.SERVER_CONFIGURE, _SUBJECT, {"value": CEDICT})
        cache, offline = self._settings.cache, self._settings.offline
        with self._lock:
            self._begin(lambda: prepare_dictionary(cache, announce=_log.info, offline=offline))

    def remove(self, caller: Caller) -> None:
        """Delete it from this machine. Raises as ``administrators_only``."""
        from carrel.engines.dictionaries import remove_dictionary

        administrators_only(caller)
        with self._catalog.write() as tx:
            record(tx, caller, Action.SERVER_CONFIGURE, _SUBJECT, {"value": ""})
        remove_dictionary(self._settings.cache)
        self.error = None

    def _begin(self, making: Callable[[], object]) -> None:
        """Begin to make it ready, in a thread, unless one is at it."""
        if self.is_coming:
            return
        self.error = None
        context = contextvars.copy_context()  # the reader's language is in it
        self._making = threading.Thread(
            target=context.run, args=(self._make, making), daemon=True, name="make-dictionary"
        )
        self._making.start()

    def _make(self, making: Callable[[], object]) -> None:
        from carrel.engines.dictionaries import unavailable

        try:
            making()
        except CarrelError as error:
            _log.warning("%s", error)
            self.error = error
        except Exception as error:  # a fault of ours: whoever waits for it must learn of it
            _log.exception("The dictionary could not be made ready.")
            self.error = unavailable(f"{type(error).__name__}: {error}")
