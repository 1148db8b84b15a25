"""The dictionary that searches use: opened when first needed, fetched and removed by who runs the server."""

import contextvars
import threading

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
        self._opened: Dictionary | None = None
        self._fetching: threading.Thread | None = None
        self.error: CarrelError | None = None  # why it could not be fetched the last time

    @property
    def is_off(self) -> bool:
        """Whether the settings want none."""
        return self._settings.dictionary == OFF

    @property
    def is_coming(self) -> bool:
        """Whether it is being fetched by this process."""
        return self._fetching is not None and self._fetching.is_alive()

    def get(self) -> Dictionary | None:
        """Return the dictionary; None where there is none, or it is switched off."""
        from carrel.engines.dictionaries import has_dictionary, open_dictionary

        if self.is_off or not has_dictionary(self._settings.cache):
            self._opened = None
        elif self._opened is None:
            self._opened = open_dictionary(self._settings.cache)
        return self._opened

    def fetch(self, caller: Caller) -> None:
        """Begin to fetch it, in a thread: by this the caller consents. Raises as ``administrators_only``."""
        administrators_only(caller)
        if self.is_coming or self.get() is not None:
            return
        with self._catalog.write() as tx:
            record(tx, caller, Action.SERVER_CONFIGURE, _SUBJECT, {"value": CEDICT})
        self.error = None
        context = contextvars.copy_context()  # the reader's language is in it
        self._fetching = threading.Thread(
            target=context.run, args=(self._fetch,), daemon=True, name="fetch-dictionary"
        )
        self._fetching.start()

    def remove(self, caller: Caller) -> None:
        """Delete it from this machine. Raises as ``administrators_only``."""
        from carrel.engines.dictionaries import remove_dictionary

        administrators_only(caller)
        with self._catalog.write() as tx:
            record(tx, caller, Action.SERVER_CONFIGURE, _SUBJECT, {"value": ""})
        remove_dictionary(self._settings.cache)

    def _fetch(self) -> None:
        from carrel.engines.dictionaries import prepare_dictionary

        try:
            prepare_dictionary(self._settings.cache, announce=lambda _: None, offline=self._settings.offline)
        except CarrelError as error:
            self.error = error
