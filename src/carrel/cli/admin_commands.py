"""``carrel admin`` and its commands: their options. What each does is in ``admin.py``."""

import sys
from typing import Annotated

import typer

from carrel.cli.options import AsJson
from carrel.core.accounts import Scope
from carrel.core.language import tr
from carrel.core.users import Fate

admin_app = typer.Typer(
    no_args_is_help=True, help=tr("Accounts of the server: works while it runs, and before.")
)

Name = Annotated[str, typer.Argument(help=tr("The user's name."))]
FromStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help=tr("Read the password from the first line of standard input.")),
]


@admin_app.command("create", help=tr("Create an administrator."))
def admin_create(name: Name, password_stdin: FromStdin = False, as_json: AsJson = False) -> None:
    from carrel.cli.admin import create_administrator

    sys.exit(create_administrator(name, password_stdin, as_json))


@admin_app.command(
    "reset-password", help=tr("Set a user's password, which they must change when they sign in.")
)
def admin_reset_password(name: Name, password_stdin: FromStdin = False, as_json: AsJson = False) -> None:
    from carrel.cli.admin import reset_password

    sys.exit(reset_password(name, password_stdin, as_json))


@admin_app.command("delete", help=tr("Delete a user with their sessions, API keys and memberships."))
def admin_delete(
    name: Name,
    knowledge_bases: Annotated[
        Fate | None,
        typer.Option(
            help=tr("What becomes of knowledge bases that only they own: kept ones are an administrator's.")
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.admin import delete_user

    sys.exit(delete_user(name, knowledge_bases, as_json))


@admin_app.command("users", help=tr("List the users."))
def admin_users(as_json: AsJson = False) -> None:
    from carrel.cli.admin import list_users

    sys.exit(list_users(as_json))


@admin_app.command("key", help=tr("Make an API key for a user and print it, this once."))
def admin_key(
    name: Name,
    scope: Annotated[
        list[Scope] | None, typer.Option(help=tr("What it is good for; may be repeated. read by default."))
    ] = None,
    expires: Annotated[
        int | None, typer.Option(metavar="DAYS", min=1, help=tr("For how many days; for ever by default."))
    ] = None,
    label: Annotated[str, typer.Option(help=tr("What it is for."))] = "command line",
    as_json: AsJson = False,
) -> None:
    from carrel.cli.admin import create_key

    sys.exit(create_key(name, label, scope or [Scope.READ], expires, as_json))


@admin_app.command("sign-up", help=tr("Let everybody make an account of their own, or only administrators."))
def admin_sign_up(
    state: Annotated[str, typer.Argument(metavar="open|closed", help=tr("open or closed."))],
    as_json: AsJson = False,
) -> None:
    from carrel.cli.admin import set_sign_up

    sys.exit(set_sign_up(state, as_json))
