"""Servers that administrators name: where nothing is sent, and what their engines are made with."""

from dataclasses import replace
from pathlib import Path

import pytest

from carrel.config import Settings
from carrel.core.account_errors import EndpointForbidden
from carrel.core.endpoints import EndpointOptions, ModelEndpoint, Purpose
from carrel.core.errors import InvalidSetting
from carrel.engines.named_endpoints import check_address, check_endpoint, settings_of

SETTINGS = Settings(
    home=Path("/nonexistent"), cache=Path("/nonexistent"), embedder_api_key="the settings' own"
)
ENDPOINT = ModelEndpoint("1", Purpose.EMBEDDER, "words", "http://192.168.7.7:8000/v1")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://169.254.1.1:8000/v1",
        "http://[fe80::1]:8000/v1",
        "http://[fd00:ec2::254]/v1",
        "http://[::ffff:169.254.169.254]/v1",
        "http://2852039166/v1",
        "http://0xA9FEA9FE/v1",
        "http://0251.0376.0251.0376/v1",
        "http://metadata.google.internal/v1",
        "http://METADATA.google.internal./v1",
        "http://100.100.100.200/v1",
    ],
)
def test_where_clouds_give_out_credentials_nothing_is_sent(url: str) -> None:
    with pytest.raises(EndpointForbidden):
        check_endpoint(replace(ENDPOINT, url=url), "", SETTINGS)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.7:8000/v1",
        "http://127.0.0.1:8000",
        "http://[fd12::1]/v1",
        "http://no.such.name.invalid",
    ],
)
def test_private_addresses_are_meant(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "ftp://10.0.0.7"},
        {"url": "10.0.0.7:8000"},
        {"url": "http://user:secret@10.0.0.7:8000"},
        {"url": "file:///etc/passwd"},
        {"model": "all-MiniLM-L6-v2"},
        {"options": EndpointOptions(profile="no such profile")},
        {"options": EndpointOptions(query_template="without the text")},
        {"options": EndpointOptions(width=-1)},
        {"purpose": Purpose.RERANKER, "options": EndpointOptions(template="mine")},
    ],
)
def test_what_no_engine_can_be_made_of(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidSetting) as refused:
        check_endpoint(replace(ENDPOINT, **changes), "", SETTINGS)  # type: ignore[arg-type]
    assert "secret" not in str(refused.value)


def test_the_settings_key_goes_to_the_settings_server_alone() -> None:
    assert settings_of(ENDPOINT, "", SETTINGS).embedder_api_key == ""
    assert settings_of(ENDPOINT, "its own", SETTINGS).embedder_api_key == "its own"


def test_unset_options_are_those_of_the_settings() -> None:
    settings = replace(SETTINGS, embedder_batch_texts=7, embedder_width=9)
    found = settings_of(replace(ENDPOINT, options=EndpointOptions(batch_tokens=100)), "", settings)
    assert (found.embedder_batch_texts, found.embedder_batch_tokens) == (7, 100)
    assert found.embedder_width == 0  # that of another model
