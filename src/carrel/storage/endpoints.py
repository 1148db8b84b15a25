"""Servers of models in the catalog, each with its key encrypted."""

import json
from dataclasses import asdict

from carrel.core.endpoints import EndpointOptions, ModelEndpoint, Purpose
from carrel.storage.database import Row, Transaction


def put(tx: Transaction, endpoint: ModelEndpoint, sealed_key: str) -> None:
    """Add an endpoint, or replace the one with its id; the caller has looked that its model is free."""
    tx.run(
        """
        INSERT INTO endpoints (id, purpose, model, url, api_key, options, updated_at)
        VALUES (:id, :purpose, :model, :url, :api_key, :options, :updated_at)
        ON CONFLICT (id) DO UPDATE SET purpose = excluded.purpose, model = excluded.model, url = excluded.url,
            api_key = excluded.api_key, options = excluded.options, updated_at = excluded.updated_at
        """,
        id=endpoint.id,
        purpose=endpoint.purpose,
        model=endpoint.model,
        url=endpoint.url,
        api_key=sealed_key,
        options=json.dumps(asdict(endpoint.options), ensure_ascii=False),
        updated_at=endpoint.updated_at,
    )


def by_id(tx: Transaction, endpoint_id: str) -> tuple[ModelEndpoint, str] | None:
    """Return the endpoint with this id, and its encrypted key."""
    return _found(tx.row("SELECT * FROM endpoints WHERE id = :id", id=endpoint_id))


def of_model(tx: Transaction, purpose: Purpose, model: str) -> tuple[ModelEndpoint, str] | None:
    """Return the endpoint that runs this model, and its encrypted key."""
    return _found(
        tx.row(
            "SELECT * FROM endpoints WHERE purpose = :purpose AND model = :model",
            purpose=purpose,
            model=model,
        )
    )


def all_of_them(tx: Transaction) -> tuple[ModelEndpoint, ...]:
    """Return every endpoint: embedders first, each by model."""
    return tuple(_endpoint(row) for row in tx.rows("SELECT * FROM endpoints ORDER BY purpose, model"))


def delete(tx: Transaction, endpoint_id: str) -> None:
    """Delete an endpoint with its key."""
    tx.run("DELETE FROM endpoints WHERE id = :id", id=endpoint_id)


def _found(row: Row | None) -> tuple[ModelEndpoint, str] | None:
    return None if row is None else (_endpoint(row), str(row["api_key"]))


def _endpoint(row: Row) -> ModelEndpoint:
    return ModelEndpoint(
        id=row["id"],
        purpose=Purpose(row["purpose"]),
        model=row["model"],
        url=row["url"],
        options=EndpointOptions(**json.loads(row["options"])),
        has_key=bool(row["api_key"]),
        updated_at=row["updated_at"],
    )
