"""The server that the settings name, ready to be examined: asked as it would be asked for papers."""

from carrel.config import Settings
from carrel.engines.address import endpoint_at
from carrel.engines.embedders import profile_in_use
from carrel.engines.examination.subject import Plan, Subject
from carrel.engines.wire import Wire

_SETTING = "CARREL_EMBEDDER"


def subject_of(model: str, settings: Settings, quick: bool = False, seconds: float = 30.0) -> Subject:
    """Return the settings' server of embeddings with a model of it; close its wire when done.

    Args:
        model: may be empty: the examination looks which one the server has.
        settings: whose embedder it is.
        quick: leave out what takes long.
        seconds: that measuring its rate may take.

    Raises:
        InvalidSetting: the address, the profile or a template makes no sense.
    """
    plan = Plan(
        max_tokens=settings.embedder_max_tokens,
        batch_texts=settings.embedder_batch_texts,
        quick=quick,
        profile_chosen=bool(settings.embedder_profile),
        throughput_seconds=seconds,
    )
    endpoint = endpoint_at(settings.embedder_url, _SETTING, settings.embedder_api_key)
    profile = profile_in_use(model, settings)
    return Subject(Wire(endpoint, settings.embedder_seconds), model, profile, plan)
