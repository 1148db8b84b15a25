"""The dictionary that searches use: opened when first needed, and let go of when it was removed."""

from carrel.config import Settings
from carrel.core.errors import InvalidSetting
from carrel.core.ports import Dictionary

OFF = "off"


class DictionaryInUse:
    """What the settings allow and this machine has. Safe to use from several threads.

    Looked for anew each time: it may be fetched or removed, by whomever, while a server runs.
    """

    def __init__(self, settings: Settings) -> None:
        """Take the settings. Raises InvalidSetting where they name a dictionary that there is not."""
        from carrel.engines.dictionaries import CEDICT

        if settings.dictionary not in (CEDICT, OFF):
            raise InvalidSetting(
                name="CARREL_DICTIONARY", value=settings.dictionary, expected=f"{CEDICT} or {OFF}"
            )
        self._settings = settings
        self._opened: Dictionary | None = None

    def get(self) -> Dictionary | None:
        """Return the dictionary; None where there is none, or it is switched off."""
        from carrel.engines.dictionaries import has_dictionary, open_dictionary

        if self._settings.dictionary == OFF or not has_dictionary(self._settings.cache):
            self._opened = None
        elif self._opened is None:
            self._opened = open_dictionary(self._settings.cache)
        return self._opened
