"""Interface text in the reader's language, through one catalogue.

English is written in the code and is the key; ``catalogue_zh.toml`` holds the Simplified Chinese.
A test keeps the two in step. The language belongs to the context (a command, later a request), not
to the process.
"""

from contextvars import ContextVar
from functools import cache

ENGLISH = "en"
CHINESE = "zh"
LANGUAGES = (ENGLISH, CHINESE)

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


def use_language(language: str) -> None:
    """Set the language of this context: a code such as ``zh`` or a locale such as ``zh_CN.UTF-8``."""
    _language.set(CHINESE if language.lower().startswith("zh") else ENGLISH)


def language() -> str:
    """Return the language of this context, one of ``LANGUAGES``."""
    return _language.get()


def tr(text: str) -> str:
    """Return the English interface text in the language of this context."""
    if _language.get() == ENGLISH:
        return text
    return _catalogue().get(text, text)


@cache
def _catalogue() -> dict[str, str]:
    # Most processes speak English and need neither.
    import tomllib
    from importlib import resources

    content = resources.files("carrel.core").joinpath("catalogue_zh.toml").read_text(encoding="utf-8")
    return {entry["en"]: entry["zh"] for entry in tomllib.loads(content)["text"]}
