"""Servers of models that administrators name while Carrel runs; their keys are kept encrypted."""

from collections.abc import Callable
from dataclasses import replace

from carrel.core.account_errors import EndpointExists, EndpointKeyNeeded, EndpointMissing
from carrel.core.accounts import Caller
from carrel.core.audit import Action
from carrel.core.endpoints import EndpointOptions, ModelEndpoint, Purpose
from carrel.core.errors import InvalidSetting
from carrel.core.ids import new_id
from carrel.library.access import administrators_only
from carrel.library.auditing import record
from carrel.storage import endpoints
from carrel.storage.clock import now
from carrel.storage.database import Catalog, Transaction
from carrel.storage.sealing import Sealer

Check = Callable[[ModelEndpoint, str], None]
"""Looks whether an engine could be made of an endpoint and its key; raises InvalidSetting and the like."""

_LONGEST_MODEL = 200
_LONGEST_KEY = 4096


class Endpoints:
    """Servers of models, over the catalog. Safe to use from several threads and processes."""

    def __init__(self, catalog: Catalog, sealer: Sealer, check: Check) -> None:
        self._catalog = catalog
        self._sealer = sealer
        self._check = check

    def all_of_them(self, caller: Caller) -> tuple[ModelEndpoint, ...]:
        """Return every endpoint, without keys. Raises AdministratorsOnly, ScopeTooNarrow."""
        administrators_only(caller)
        with self._catalog.read() as tx:
            return endpoints.all_of_them(tx)

    def find(self, caller: Caller, endpoint_id: str) -> ModelEndpoint:
        """Return one, without its key. Raises AdministratorsOnly, ScopeTooNarrow, EndpointMissing."""
        administrators_only(caller)
        with self._catalog.read() as tx:
            return _found(tx, endpoint_id)[0]

    def create(
        self,
        caller: Caller,
        purpose: Purpose,
        model: str,
        url: str,
        api_key: str = "",
        options: EndpointOptions | None = None,
    ) -> ModelEndpoint:
        """Name the server that runs a model.

        Raises:
            AdministratorsOnly, ScopeTooNarrow: the caller may not.
            EndpointExists: the model has one.
            EndpointForbidden, InvalidSetting: the address or an option makes no sense.
            SecretKeyUnusable: the key cannot be encrypted.
        """
        administrators_only(caller)
        endpoint = ModelEndpoint(
            new_id(), purpose, model.strip(), url.strip(), options or EndpointOptions(), bool(api_key), now()
        )
        self._check_all(endpoint, api_key)
        sealed = self._sealed(endpoint, api_key)
        with self._catalog.write() as tx:
            _check_free(tx, endpoint)
            endpoints.put(tx, endpoint, sealed)
            record(tx, caller, Action.ENDPOINT_CREATE, endpoint.id, _detail(endpoint))
        return endpoint

    def change(
        self,
        caller: Caller,
        endpoint_id: str,
        model: str,
        url: str,
        api_key: str | None = None,
        options: EndpointOptions | None = None,
    ) -> ModelEndpoint:
        """Replace everything of an endpoint but its purpose; a key of None stays, one of "" goes.

        Raises:
            EndpointMissing: there is none with this id.
            EndpointKeyNeeded: the address is another, and whom the key is for was not said again.
            Otherwise as ``create``.
        """
        present = self.find(caller, endpoint_id)
        wanted = replace(
            present,
            model=model.strip(),
            url=url.strip(),
            options=options or EndpointOptions(),
            updated_at=now(),
        )
        if api_key is None and present.has_key and wanted.url != present.url:
            raise EndpointKeyNeeded(url=wanted.url)
        if api_key is not None:
            wanted = replace(wanted, has_key=bool(api_key))
        self._check_all(wanted, api_key or "")
        sealed = None if api_key is None else self._sealed(wanted, api_key)
        with self._catalog.write() as tx:
            now_there, sealed_before = _found(tx, endpoint_id)
            if api_key is None and now_there.has_key and wanted.url != now_there.url:
                raise EndpointKeyNeeded(url=wanted.url)
            _check_free(tx, wanted)
            kept = replace(wanted, has_key=now_there.has_key) if sealed is None else wanted
            endpoints.put(tx, kept, sealed_before if sealed is None else sealed)
            detail = _detail(kept) | {"key_changed": str(api_key is not None).lower()}
            record(tx, caller, Action.ENDPOINT_CHANGE, endpoint_id, detail)
        return kept

    def proposed(
        self,
        caller: Caller,
        endpoint_id: str,
        wanted: ModelEndpoint,
        api_key: str | None = None,
    ) -> tuple[ModelEndpoint, str]:
        """Return an endpoint as it would be saved, and its key in the clear, to be tried before it is.

        Args:
            caller: an administrator.
            endpoint_id: of the one that is to be changed; "" for a new one.
            wanted: its model, address and options; the purpose of a new one.
            api_key: as in ``change``: None is the one that is kept, which goes to its own address only.

        Raises:
            SecretKeyWrong: the kept key cannot be opened.
            Otherwise as ``change``. Nothing is written, and nothing is sent.
        """
        administrators_only(caller)
        wanted = replace(wanted, model=wanted.model.strip(), url=wanted.url.strip())
        key = api_key or ""
        if endpoint_id:
            with self._catalog.read() as tx:
                present, sealed = _found(tx, endpoint_id)
            wanted = replace(wanted, id=present.id, purpose=present.purpose)
            if api_key is None and present.has_key:
                if wanted.url != present.url:
                    raise EndpointKeyNeeded(url=wanted.url)
                key = self.key(present, sealed)
        self._check_all(wanted, key)
        return replace(wanted, has_key=bool(key)), key

    def delete(self, caller: Caller, endpoint_id: str) -> ModelEndpoint:
        """Remove an endpoint with its key; its model is asked of the settings' server again.

        Raises:
            AdministratorsOnly, ScopeTooNarrow, EndpointMissing: the caller may not, or there is none.
        """
        administrators_only(caller)
        with self._catalog.write() as tx:
            endpoint, _ = _found(tx, endpoint_id)
            endpoints.delete(tx, endpoint_id)
            record(tx, caller, Action.ENDPOINT_DELETE, endpoint_id, _detail(endpoint))
        return endpoint

    def serving(self, purpose: Purpose, model: str) -> tuple[ModelEndpoint, str] | None:
        """Return the endpoint that runs a model and its key, still encrypted; None where there is none.

        For a reranker of "", which is none in the settings, the one that was named last.
        """
        with self._catalog.read() as tx:
            if purpose is Purpose.RERANKER and not model:
                model = _last_named(tx, purpose)
            return endpoints.of_model(tx, purpose, model) if model else None

    def last_named(self, purpose: Purpose) -> str:
        """Return the model whose server was named or changed last, or "": everybody may know it."""
        with self._catalog.read() as tx:
            return _last_named(tx, purpose)

    def models(self, purpose: Purpose) -> tuple[str, ...]:
        """Return the names of the models that have a server: everybody may know them."""
        with self._catalog.read() as tx:
            return tuple(found.model for found in endpoints.all_of_them(tx) if found.purpose is purpose)

    def key(self, endpoint: ModelEndpoint, sealed: str) -> str:
        """Return the key of an endpoint in the clear, for its engine alone. Raises SecretKeyWrong."""
        return self._sealer.opened(sealed, _about(endpoint)) if sealed else ""

    def _sealed(self, endpoint: ModelEndpoint, api_key: str) -> str:
        return self._sealer.seal(api_key, _about(endpoint)) if api_key else ""

    def _check_all(self, endpoint: ModelEndpoint, api_key: str) -> None:
        model = endpoint.model
        if not model or len(model) > _LONGEST_MODEL or not model.isprintable():
            expected = f"1 to {_LONGEST_MODEL} printable characters"
            raise InvalidSetting(name="model", value=model[:60], expected=expected)
        if len(api_key) > _LONGEST_KEY:
            raise InvalidSetting(name="api_key", value="…", expected=f"at most {_LONGEST_KEY} characters")
        self._check(endpoint, api_key)


def _about(endpoint: ModelEndpoint) -> str:
    """What a key is sealed for: moved to another row it does not open."""
    return f"endpoint {endpoint.id} {endpoint.purpose}"


def _found(tx: Transaction, endpoint_id: str) -> tuple[ModelEndpoint, str]:
    present = endpoints.by_id(tx, endpoint_id)
    if present is None:
        raise EndpointMissing(id=endpoint_id[:60])
    return present


def _last_named(tx: Transaction, purpose: Purpose) -> str:
    found = [each for each in endpoints.all_of_them(tx) if each.purpose is purpose]
    return max(found, key=lambda each: (each.updated_at, each.id)).model if found else ""


def _check_free(tx: Transaction, endpoint: ModelEndpoint) -> None:
    other = endpoints.of_model(tx, endpoint.purpose, endpoint.model)
    if other is not None and other[0].id != endpoint.id:
        raise EndpointExists(purpose=endpoint.purpose, model=endpoint.model)


def _detail(endpoint: ModelEndpoint) -> dict[str, str]:
    return {"purpose": endpoint.purpose, "model": endpoint.model, "url": endpoint.url}
