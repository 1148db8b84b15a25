"""The models that the settings and the administrators name, each loaded once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

from carrel.config import Settings
from carrel.core.endpoints import ModelEndpoint, Purpose
from carrel.core.loaded import Loaded
from carrel.core.ports import Embedder, Reranker
from carrel.library.endpoints import Endpoints

Named = tuple[ModelEndpoint, str]
"""A server that administrators named, and its key, still encrypted."""

Announce = Callable[[str], None]
"""Tells the user something before it happens, such as a download."""


class Models:
    """Embedders by their names, and the reranker. Safe to use from several threads.

    A server that the catalog names goes before that of the settings. After a change there it is made anew;
    the old one, perhaps in use, is closed at the end with all others.
    """

    def __init__(
        self,
        settings: Settings,
        endpoints: Endpoints,
        announce: Announce,
        at_end: ExitStack,
        load_embedder: Callable[[str], Embedder] | None,
    ) -> None:
        self._settings = settings
        self._endpoints = endpoints
        self._announce = announce
        self._at_end = at_end
        self._load = load_embedder or (lambda name: _load_embedder(settings, announce, name))
        self._looked_up = threading.local()  # see ``steady``
        self._embedders: Loaded[str, Embedder] = Loaded(self._embedder)
        self._named_embedders: Loaded[Named, Embedder] = Loaded(self._named_embedder)
        self._rerankers: Loaded[str, Reranker | None] = Loaded(lambda _: self._reranker(settings))
        self._named_rerankers: Loaded[Named, Reranker | None] = Loaded(
            lambda named: self._reranker(_settings_of(settings, endpoints, named))
        )

    def embedder(self, model: str) -> Embedder:
        """Return the embedder of that name. Raises as ``engines.embedders.load_embedder``."""
        named = self._serving(Purpose.EMBEDDER, model)
        return self._named_embedders.get(named) if named else self._embedders.get(model)

    def settings_of(self, model: str) -> Settings:
        """Return the settings of an embedder by its name: its server's, where one is named."""
        named = self._serving(Purpose.EMBEDDER, model)
        return _settings_of(self._settings, self._endpoints, (named[0], "")) if named else self._settings

    def reranker(self) -> Reranker | None:
        """Return the reranker; None where neither the settings nor an administrator name one."""
        named = self._serving(Purpose.RERANKER, self._settings.reranker)
        return self._named_rerankers.get(named) if named else self._rerankers.get(self._settings.reranker)

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Look each model's server up once while the block runs, for this thread.

        A search asks for the model of every knowledge base, and again for the space of its index.
        """
        self._looked_up.servers = {}
        try:
            yield
        finally:
            self._looked_up.servers = None

    def _serving(self, purpose: Purpose, model: str) -> Named | None:
        known: dict[tuple[Purpose, str], Named | None] | None = getattr(self._looked_up, "servers", None)
        if known is None:
            return self._endpoints.serving(purpose, model)
        if (purpose, model) not in known:
            known[purpose, model] = self._endpoints.serving(purpose, model)
        return known[purpose, model]

    def _embedder(self, name: str) -> Embedder:
        return self._at_end.enter_context(closing(self._load(name)))

    def _named_embedder(self, named: Named) -> Embedder:
        settings = _settings_of(self._settings, self._endpoints, named)
        return self._at_end.enter_context(closing(_load_embedder(settings, self._announce, named[0].model)))

    def _reranker(self, settings: Settings) -> Reranker | None:
        if not settings.reranker:
            return None
        from carrel.engines.rerankers import load_reranker

        made = load_reranker(settings)
        return None if made is None else self._at_end.enter_context(closing(made))


def _load_embedder(settings: Settings, announce: Announce, model: str) -> Embedder:
    from carrel.engines.embedders import load_embedder

    return load_embedder(model, settings, announce)


def _settings_of(settings: Settings, endpoints: Endpoints, named: Named) -> Settings:
    from carrel.engines.named_endpoints import check_address, settings_of

    endpoint, sealed = named
    check_address(endpoint.url)  # its name may stand for another address than when it was entered
    return settings_of(endpoint, endpoints.key(endpoint, sealed), settings)
