"""The real model and the real dictionary for tests: taken from the cache, or fetched into it once."""

from pathlib import Path

import pytest

from carrel.config import load_settings
from carrel.core.dictionary_errors import DictionaryUnavailable
from carrel.core.errors import ModelUnavailable
from carrel.engines.dictionaries import prepare_dictionary
from carrel.engines.models import prepare_model
from carrel.engines.weights import MINILM


@pytest.fixture(scope="session")
def model_cache() -> Path:
    """The folder of downloaded models (CARREL_CACHE) with all-MiniLM-L6-v2 ready in it.

    Where no source can be reached the test skips, saying which were tried.
    """
    settings = load_settings()
    try:
        prepare_model(MINILM.model, settings.cache, announce=print, offline=settings.offline)
    except ModelUnavailable as error:
        pytest.skip(str(error))
    return settings.cache


@pytest.fixture(scope="session")
def dictionary_cache() -> Path:
    """The same folder with CC-CEDICT in it. Skips likewise."""
    settings = load_settings()
    try:
        prepare_dictionary(settings.cache, announce=print, offline=settings.offline)
    except DictionaryUnavailable as error:
        pytest.skip(str(error))
    return settings.cache
