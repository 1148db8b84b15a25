"""Errors of a catalog on a PostgreSQL server; members of the tree in ``core/errors.py``.

    CarrelError
    ├── UsageError
    │   ├── CatalogDriverMissing                       the optional extra is not installed
    │   ├── CatalogLoginRefused · CatalogNotWritable   who Carrel is there, and what it may do
    │   └── CatalogUnsuitable · CatalogTooNew          what the database is
    ├── StorageFull
    │   └── CatalogDiskFull
    └── ServiceError
        └── CatalogUnreachable                         trying again later can help

They name host and database, and never hold the password.
"""

from carrel.core.errors import ServiceError, StorageFull, UsageError


class CatalogDriverMissing(UsageError):
    """The package that speaks to PostgreSQL. Parameter: detail."""

    template = "The catalog is to be on PostgreSQL, and the driver for it is not installed ({detail})."
    hint_template = "Install it with: pip install 'carrel[postgres]'."


class CatalogLoginRefused(UsageError):
    """The server answers, and lets Carrel not in. Parameters: host, database, detail."""

    template = "The database {database} on {host} does not let Carrel in ({detail})."
    hint_template = (
        "Check the user, password and database in CARREL_CATALOG_URL, and pg_hba.conf on the server."
    )


class CatalogNotWritable(UsageError):
    """Carrel's user lacks rights, or it is a standby. Parameters: host, database, detail."""

    template = "Carrel may not write to the database {database} on {host} ({detail})."
    hint_template = "Make Carrel's user the owner of the database, and name the primary server."


class CatalogUnsuitable(UsageError):
    """A database that cannot hold what is to be stored. Parameters: host, database, detail."""

    template = "The database {database} on {host} cannot hold a catalog ({detail})."
    hint_template = (
        "Create one on PostgreSQL 13 or newer: createdb --encoding=UTF8 --template=template0 NAME."
    )


class CatalogTooNew(UsageError):
    """A newer Carrel wrote it. Parameters: host, database, revision."""

    template = (
        "The database {database} on {host} was written by a newer version of Carrel (schema {revision})."
    )
    hint_template = "Upgrade Carrel, or name another database in CARREL_CATALOG_URL. Nothing was changed."


class CatalogDiskFull(StorageFull):
    """No room on the database server's disk. Parameters: host, database."""

    template = "The disk of the database {database} on {host} is full."
    hint_template = "Make room on the server and run the same command again; what was accepted is kept."


class CatalogUnreachable(ServiceError):
    """The server does not answer, or went away. Parameters: host, database, detail."""

    template = "The database {database} on {host} cannot be reached ({detail})."
    hint_template = (
        "Start it, or check the address in CARREL_CATALOG_URL, and run the same command again; what was "
        "accepted is kept."
    )
