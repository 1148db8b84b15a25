"""Errors of the gateway (``carrel serve``); members of the tree in ``core/errors.py``.

    CarrelError
    └── UsageError
        ├── PortTaken · HostUnusable        it cannot listen there
        └── RequestError                    what a client sent cannot be answered
            ├── HostRefused · KeyRefused · NoSuchAddress · WrongMethod · NotJsonContent
            ├── BodyTooLarge · BodyTooSlow · NotJson · FieldMissing · FieldUnusable · TokensNotTexts
            ├── TooManyTexts · ModelNotServed · NoRerankerServed · TextNotTaken
            └── GatewayBusy                 trying again later can help

Which HTTP status each has is the gateway's affair. Messages never hold a key or a text that was sent.
"""

from carrel.core.errors import UsageError


class PortTaken(UsageError):
    """Another program listens there. Parameters: host, port."""

    template = "Port {port} of {host} is in use by another program."
    hint_template = (
        "Choose another one with --port (0 takes any that is free), or stop that program; perhaps carrel "
        "serve runs already."
    )


class HostUnusable(UsageError):
    """Nothing can listen there. Parameters: host, port, detail."""

    template = "Carrel cannot listen on {host}, port {port} ({detail})."
    hint_template = "Name an address of this machine with --host, such as 127.0.0.1, and a port from 1024 on."


class RequestError(UsageError):
    """A request that cannot be answered. ``field`` among the parameters is the part of it to blame."""


class HostRefused(RequestError):
    """Asked by a name that is not the server's. Parameter: host."""

    template = "{host!r} is none of this server's names."
    hint_template = (
        "Put it into CARREL_ALLOWED_HOSTS, and for the models (/v1) set CARREL_GATEWAY_API_KEY; this machine "
        "may ask for http://127.0.0.1 or http://localhost."
    )


class KeyRefused(RequestError):
    """No key, or a wrong one."""

    template = "The key is missing or wrong."
    hint_template = "Send the header Authorization: Bearer KEY, with the key in CARREL_GATEWAY_API_KEY."


class NoSuchAddress(RequestError):
    """Nothing is served there. Parameter: path."""

    template = "There is nothing at {path}."
    hint_template = "Served are /v1/embeddings, /v1/rerank, /v1/models, /healthz and /readyz."


class WrongMethod(RequestError):
    """GET for POST, or the like. Parameters: method, path."""

    template = "{path} does not take {method}."
    hint_template = "Embeddings and rerankings are asked for with POST, everything else with GET."


class NotJsonContent(RequestError):
    """The body is not declared as JSON. A web page of a stranger could send anything else unasked."""

    template = "The body is not declared as JSON."
    hint_template = "Send the header Content-Type: application/json."


class BodyTooLarge(RequestError):
    """More bytes than are read. Parameter: megabytes."""

    template = "The body is larger than {megabytes} MB."
    hint_template = "Send fewer texts in one request."


class BodyTooSlow(RequestError):
    """The body did not come in time. Parameter: seconds."""

    template = "The body did not arrive within {seconds} seconds."
    hint_template = "Send it at once, or fewer texts in one request."


class NotJson(RequestError):
    """The body cannot be read. Parameter: detail."""

    template = "The body is not a JSON object in UTF-8 ({detail})."
    hint_template = 'Send an object such as {{"model": "…", "input": ["…"]}}.'


class FieldMissing(RequestError):
    """A field that is needed. Parameters: field, expected."""

    template = "{field} is missing."
    hint_template = "Expected: {expected}."


class FieldUnusable(RequestError):
    """A field that makes no sense. Parameters: field, expected."""

    template = "{field} cannot be used."
    hint_template = "Expected: {expected}."


class TokensNotTexts(RequestError):
    """Numbers of tokens instead of texts: every tokenizer has others. Parameter: field."""

    template = "{field} holds token numbers, and Carrel embeds texts."
    hint_template = (
        "Send texts; in LangChain, for example, with OpenAIEmbeddings(check_embedding_ctx_length=False)."
    )


class TooManyTexts(RequestError):
    """More texts than one request may hold. Parameters: field, count, limit."""

    template = "{field} holds {count} texts, more than the limit of {limit}."
    hint_template = "Send them in several requests."


class ModelNotServed(RequestError):
    """Another model is served. Parameters: field, model, served."""

    template = "The model {model!r} is not served here."
    hint_template = "Served is {served!r}; CARREL_EMBEDDER and CARREL_RERANKER say which."


class NoRerankerServed(RequestError):
    """There is none. Parameter: field."""

    template = "No reranker is served here."
    hint_template = "Set CARREL_RERANKER and CARREL_RERANKER_URL and start carrel serve again."


class TextNotTaken(RequestError):
    """The engine refuses some of the texts. Parameters: field, places, detail."""

    template = "The model's server refuses {places} ({detail})."
    hint_template = "Shorten what is named, or leave it out."


class GatewayBusy(RequestError):
    """As much waits as may wait."""

    template = "Too many requests are waiting."
    hint_template = "Try again in a few seconds."
    retryable = True
