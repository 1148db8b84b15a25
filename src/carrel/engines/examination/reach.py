"""Is there an embedding server at the address, will it talk to us, and has it the model?"""

from dataclasses import replace
from urllib.parse import urlsplit

from carrel.core.engine_errors import EndpointNonsense, EndpointRefuses, EndpointUnavailable
from carrel.core.errors import CarrelError
from carrel.core.language import tr
from carrel.engines.address import Endpoint, endpoint_at
from carrel.engines.examination.kinds import recognised
from carrel.engines.examination.subject import Subject
from carrel.engines.examination.verdict import Check, failed, passed, warned
from carrel.engines.profiles import PROFILES, UNKNOWN, profile_of
from carrel.engines.wire import Answer, Wire

REACHABLE, MODEL = "reachable", "model"
_SECONDS = 10.0
_SHORT = 3.0
_KEY_AT_FAULT = {401, 403, 407}
_SHOWN_NAMES = 12


class Unreachable(Exception):
    """Nothing answers at the address; ``check`` says why."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.message)
        self.check = check


def reach(subject: Subject) -> tuple[Check, list[dict[str, object]]]:
    """Ask for the list of models; return the check and the models that the server names.

    Raises:
        Unreachable: nothing answers there at all.
    """
    wire = subject.wire
    try:
        answer = wire.get("/models", seconds=_SECONDS)
    except EndpointUnavailable as error:
        raise Unreachable(_not_there(subject, error)) from error
    except EndpointRefuses as error:
        return _turned_away(subject, error), []
    except EndpointNonsense as error:
        return failed(REACHABLE, error.message, *_no_api(subject)), []
    subject.look = answer.exchange()
    if answer.status in _KEY_AT_FAULT:
        return locked(subject, answer), []
    try:
        document = answer.document if answer.status == 200 else None
    except EndpointNonsense as error:
        return failed(REACHABLE, error.message, *_no_api(subject)), []
    found = document.get("data") if isinstance(document, dict) else None
    models = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    message = tr("{url} answers in {ms} ms").format(
        url=wire.endpoint.url, ms=format(answer.milliseconds, ".0f")
    )
    return passed(REACHABLE, message), models


def _not_there(subject: Subject, error: EndpointUnavailable) -> Check:
    endpoint = subject.wire.endpoint
    advice = tr(
        "Start the server (carrel engine prints how), see that host and port are right, and that it listens "
        "on an address that this machine reaches (0.0.0.0 and not 127.0.0.1 if it is another one or a "
        "container)."
    )
    cause = tr("nothing listens there, or a firewall is between")
    if endpoint.url.startswith("http://") and _answers(_elsewhere(endpoint, "http://", "https://")):
        cause = tr("the server speaks HTTPS")
        advice = tr("Write https:// instead of http:// in {setting}.").format(setting=endpoint.url_setting)
    elif error.parameters.get("detail") == tr("its answer trickles in and never ends"):
        cause = tr("the server, or a proxy before it, sends its answer drop by drop")
        advice = tr("Look at the server's load and its log; ask it directly and not through the proxy.")
    return failed(REACHABLE, error.message, cause, advice)


def _turned_away(subject: Subject, error: EndpointRefuses) -> Check:
    """Say what is wrong with a certificate, or where we are sent."""
    endpoint = subject.wire.endpoint
    detail = error.parameters.get("detail", "")
    if not detail.startswith("TLS"):
        return failed(
            REACHABLE,
            error.message,
            tr("the address is not the server's own: it sends us elsewhere, where a key must not go"),
            tr("Set {setting} to the address that it names, if you trust it.").format(
                setting=endpoint.url_setting
            ),
        )
    if _answers(_elsewhere(endpoint, "https://", "http://")):
        return failed(
            REACHABLE,
            error.message,
            tr("the server speaks plain HTTP"),
            tr("Write http:// instead of https:// in {setting}.").format(setting=endpoint.url_setting),
        )
    return failed(
        REACHABLE,
        error.message,
        tr("this machine does not trust the server's certificate, or it is of another host"),
        tr("Set SSL_CERT_FILE to the file of the authority that issued it, and use the name in it as host."),
    )


def locked(subject: Subject, answer: Answer) -> Check:
    """Return the check of a server that wants another key."""
    endpoint = subject.wire.endpoint
    given = endpoint.api_key or endpoint.user
    cause = tr("the key is wrong") if given else tr("the server wants a key and none is set")
    advice = tr("Set {setting} to the server's key (vLLM, llama-server, TEI: the one after --api-key).")
    return failed(REACHABLE, answer.detail, cause, advice.format(setting=endpoint.key_setting))


def _no_api(subject: Subject) -> tuple[str, str]:
    """Return the likely cause of an answer that is no list of models, and what to do."""
    endpoint = subject.wire.endpoint
    parts = urlsplit(endpoint.url)
    for path in ("/v1", "/api/v1", "/openai/v1"):
        other = replace(endpoint, url=f"{parts.scheme}://{parts.netloc}{path}")
        if other.url != endpoint.url and _has_models(other):
            return (
                tr("the server's interface is at another path"),
                tr("Set {setting} to {url}.").format(setting=endpoint.url_setting, url=other.url),
            )
    return (
        tr("that is a web page or another program, not an OpenAI-compatible server"),
        tr(
            "Set {setting} to the address that ends in /v1, and see that the port is the model server's."
        ).format(setting=endpoint.url_setting),
    )


def wrong_path(subject: Subject, answer: Answer) -> Check:
    """Return the check of a server that answers 404 where embeddings should be."""
    return failed(REACHABLE, answer.detail, *_no_api(subject))


def _elsewhere(endpoint: Endpoint, before: str, after: str) -> Endpoint:
    """Return the address in the other scheme, without its keys."""
    return endpoint_at(endpoint.url.replace(before, after, 1), endpoint.setting)


def _answers(endpoint: Endpoint) -> bool:
    """Whether any HTTP, or TLS with whatever certificate, is spoken there; no key is sent."""
    wire = Wire(endpoint, _SHORT)
    try:
        wire.get("/models")
    except EndpointRefuses as error:
        detail = error.parameters.get("detail", "")
        return not detail.startswith("TLS") or "CERTIFICATE" in detail.upper()
    except EndpointNonsense:
        return True
    except CarrelError:
        return False
    finally:
        wire.close()
    return True


def _has_models(endpoint: Endpoint) -> bool:
    wire = Wire(endpoint, _SHORT)
    try:
        answer = wire.get("/models")
        return answer.status in _KEY_AT_FAULT or (answer.status == 200 and isinstance(answer.document, dict))
    except CarrelError:
        return False
    finally:
        wire.close()


def choose_model(subject: Subject, models: list[dict[str, object]]) -> Check:
    """Settle which model is examined, and note what the server says of it and of itself."""
    names = [str(model["id"]) for model in models if isinstance(model.get("id"), str)]
    if not subject.model and len(names) == 1:
        subject.model = names[0]
        if not subject.plan.profile_chosen:
            subject.profile = profile_of(subject.model)
    listed = ", ".join(names[:_SHOWN_NAMES]) + (" …" if len(names) > _SHOWN_NAMES else "")
    if not subject.model:
        return failed(
            MODEL,
            tr("the server has: {names}").format(names=listed or "-"),
            tr("no model is named, and the server has not exactly one"),
            tr("Name one (--model)."),
        )
    entry = next((model for model in models if model.get("id") == subject.model), {})
    _note_facts(subject, entry or (models[0] if len(models) == 1 else {}))
    aliases = entry.get("aliases")
    known = subject.model in names or f"{subject.model}:latest" in names or bool(aliases)
    if names and not known:
        # Some servers take any name: whether this one does is seen when it is asked.
        return warned(
            MODEL,
            tr("the server has: {names}; not {model}").format(names=listed, model=subject.model),
            tr("the name is not the one the model is served under"),
            tr("Use one of these names (--model here, CARREL_EMBEDDER in the settings)."),
        )
    if subject.profile == UNKNOWN and not subject.plan.profile_chosen:
        return warned(
            MODEL,
            _described(subject),
            tr("Carrel does not know a model of that name: end token and pooling are not examined"),
            tr(
                "Say what it is by a profile (--profile here, CARREL_EMBEDDER_PROFILE in the settings): "
                "{names} …"
            ).format(names=", ".join(profile.name for profile in PROFILES[:4])),
        )
    return passed(MODEL, _described(subject))


def _note_facts(subject: Subject, entry: dict[str, object]) -> None:
    facts = recognised(subject.wire, subject.model, str(entry.get("owned_by", "")))
    told = entry.get("max_model_len")
    if isinstance(told, int) and told > 0:
        facts = replace(facts, max_tokens=told)
    subject.facts = facts


def _described(subject: Subject) -> str:
    facts = subject.facts
    text = tr("{model}, treated as {profile}; server: {server}").format(
        model=subject.model, profile=subject.profile.name, server=f"{facts.kind} {facts.version}".strip()
    )
    if facts.max_tokens:
        text += tr("; it reads {tokens} tokens of a text").format(tokens=facts.max_tokens)
    return text


def unknown_model(subject: Subject, answer: Answer, models: list[dict[str, object]]) -> Check:
    """Return the check of a server that does not know the model it was asked for."""
    names = ", ".join(str(model.get("id")) for model in models[:_SHOWN_NAMES]) or "-"
    return failed(
        MODEL,
        answer.detail,
        tr("the model {model} is not served there").format(model=subject.model),
        tr("Use one of these names: {names}").format(names=names),
    )
