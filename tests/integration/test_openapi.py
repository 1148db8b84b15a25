"""The API against its own description: no fault, and nothing that the description does not say.

More examples: ``CARREL_API_EXAMPLES=200 python -m pytest tests/integration/test_openapi.py``.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.worlds import fake_paper
from tests.unit.api.rest.lab import API, Lab, lab

EXAMPLES = int(os.environ.get("CARREL_API_EXAMPLES", "5"))
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("api")) as opened:
        base = opened.base()
        opened.world.accept_bytes("p.pdf", fake_paper("Whales", "They sing."), base.id)
        opened.world.work()
        yield opened


def test_every_operation_keeps_to_its_description(opened: Lab) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", opened.client.app)
    with opened.world.services.catalog.read() as tx:
        row = tx.row("SELECT knowledge_base_id, paper_id FROM holdings")
    assert row is not None
    known = {"knowledge_base": row["knowledge_base_id"], "paper": row["paper_id"]}
    tried = 0
    for found in schema.exclude(path_regex="/events$|^/v1/").get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # one that cannot be read fails the test here
        _keeps_to_it(operation.as_strategy(), known, opened)
        tried += 1
    assert tried > 20


def _keeps_to_it(cases: SearchStrategy[Any], known: dict[str, str], opened: Lab) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize="CARREL_API_EXAMPLES" not in os.environ,
    )
    @given(case=cases)
    def tried(case: schemathesis.Case[Any]) -> None:
        for name, value in known.items():
            if case.method == "GET" and name in (case.path_parameters or {}):
                case.path_parameters[name] = value  # what is there says more than what is not
        # An administrator only reads: a change of theirs could make the server ask strangers' addresses.
        for who in ("nobody", "stranger", "owner", *(["administrator"] if case.method == "GET" else [])):
            case.call_and_validate(headers=opened.as_(who), checks=list(CHECKS))

    tried()


def test_generators_of_clients_get_what_they_need(opened: Lab) -> None:
    document = opened.client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    names = []
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if not path.startswith("/v1/"):
                names.append(operation["operationId"])
                assert operation["summary"], path
                assert operation["tags"], path
                assert any(status < "400" for status in operation["responses"]), path
                if "{knowledge_base}" in path:  # its name may be that of several
                    assert "409" in operation["responses"], path
    assert len(names) == len(set(names))
    for each in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(each)
    for reference in _references(document):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
    assert set(document["components"]["securitySchemes"]) == {"key", "session"}
    secured = document["paths"][f"{API}/search"]["post"]["security"]
    assert {"key": []} in secured


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from _references(each)
    elif isinstance(node, list):
        for each in node:
            yield from _references(each)
