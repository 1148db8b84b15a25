"""The model of a new knowledge base: what there is to choose from, and what is chosen beforehand."""

from carrel.api.rest.access import Access
from carrel.api.rest.knowledge_bases import check_offered, offered_models
from carrel.core.endpoints import Purpose


def chosen_beforehand(access: Access) -> str:
    """Return the model whose server was named last: somebody has set it up for this. Else the settings'."""
    services = access.services
    return services.endpoints.last_named(Purpose.EMBEDDER) or services.settings.embedder


def choices(access: Access) -> tuple[str, ...]:
    """Return the models to choose from, the one that is chosen beforehand first."""
    first = chosen_beforehand(access)
    return (first, *(name for name in offered_models(access) if name != first))


def possible(access: Access, wanted: str) -> str:
    """Return the model that a form wants; of a form that says none, the one that is chosen beforehand.

    Raises:
        ModelUnknown, EndpointNotSet: it cannot be had.
    """
    model = wanted or chosen_beforehand(access)
    check_offered(access, model)
    if model != access.services.settings.embedder:
        access.services.checked_dimensions(model, 0)
    return model
