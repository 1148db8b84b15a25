"""A server that administrators named → the settings that its engine is made with, and whether one can be."""

import ipaddress
import socket
from dataclasses import replace
from urllib.parse import urlsplit

from carrel.config import Settings
from carrel.core.account_errors import EndpointForbidden
from carrel.core.endpoints import EndpointOptions, ModelEndpoint, Purpose
from carrel.core.errors import InvalidSetting
from carrel.engines.address import endpoint_at, shown
from carrel.engines.embedders import profile_in_use
from carrel.engines.models import model_names

# Where clouds give a machine's credentials to whoever asks from it, beside the link-local networks.
_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16")
)
_METADATA_NAMES = ("metadata", "metadata.google.internal", "instance-data")
_TEMPLATES = ("auto", "carrel", "server")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def settings_of(endpoint: ModelEndpoint, api_key: str, settings: Settings) -> Settings:
    """Return the settings with this server in the place of theirs; unset options are theirs."""
    options = endpoint.options
    if endpoint.purpose is Purpose.RERANKER:
        return replace(
            settings,
            reranker=endpoint.model,
            reranker_url=endpoint.url,
            reranker_api_key=api_key,
            reranker_template=options.template or "auto",
            reranker_seconds=options.seconds or settings.reranker_seconds,
        )
    return replace(
        settings,
        embedder_url=endpoint.url,
        embedder_api_key=api_key,
        embedder_profile=options.profile,
        embedder_query_template=options.query_template,
        embedder_document_template=options.document_template,
        embedder_width=options.width,
        embedder_max_tokens=options.max_tokens,
        embedder_batch_texts=options.batch_texts or settings.embedder_batch_texts,
        embedder_batch_tokens=options.batch_tokens or settings.embedder_batch_tokens,
        embedder_requests=options.requests or settings.embedder_requests,
        embedder_seconds=options.seconds or settings.embedder_seconds,
    )


def check_endpoint(endpoint: ModelEndpoint, api_key: str, settings: Settings) -> None:
    """Look whether an engine could be made of a server; nothing is sent to it.

    Raises:
        InvalidSetting: the address, the key or an option makes no sense.
        EndpointForbidden: clouds give out credentials at the address.
    """
    wanted = settings_of(endpoint, api_key, settings)
    found = endpoint_at(endpoint.url, "CARREL_" + endpoint.purpose.upper(), api_key)
    if found.user or found.password:
        raise InvalidSetting(name="url", value=shown(endpoint.url), expected="an address without a password")
    check_address(endpoint.url)
    _check_numbers(endpoint.options)
    if endpoint.purpose is Purpose.RERANKER:
        if wanted.reranker_template not in _TEMPLATES:
            expected = f"one of {', '.join(_TEMPLATES)}"
            raise InvalidSetting(name="template", value=wanted.reranker_template[:60], expected=expected)
        return
    if endpoint.model in model_names():
        raise InvalidSetting(name="model", value=endpoint.model, expected="a model that a server runs")
    profile_in_use(endpoint.model, wanted)


def check_address(url: str) -> None:
    """Refuse addresses at which clouds give out credentials, by number or by a name that stands for one.

    Other private addresses are meant: models' servers stand there. A name that cannot be looked up now is
    looked up again when it is used.

    Raises:
        EndpointForbidden: it is one of them.
    """
    host = (urlsplit(url.strip()).hostname or "").rstrip(".").partition("%")[0]
    if host in _METADATA_NAMES or any(_is_metadata(address) for address in _addresses(host)):
        raise EndpointForbidden(url=shown(url))


def _addresses(host: str) -> list[Address]:
    try:  # Knows the ways of writing an IPv4 address as one number, too.
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [ipaddress.ip_address(str(address[0]).partition("%")[0]) for *_, address in found]


def _is_metadata(address: Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    known = mapped or address
    return known.is_link_local or known in _METADATA


def _check_numbers(options: EndpointOptions) -> None:
    for name in ("width", "max_tokens", "batch_texts", "batch_tokens", "requests", "seconds"):
        value = getattr(options, name)
        if not 0 <= value <= 10_000_000:
            raise InvalidSetting(name=name, value=value, expected="a number of at least 0")
