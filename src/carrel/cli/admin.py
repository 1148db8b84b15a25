"""``carrel admin``: accounts of the server, from the command line of its machine."""

import sys
from collections.abc import Sequence

from carrel.cli.output import Json, note, print_json, printable
from carrel.cli.papers import clean_now_or_later
from carrel.cli.session import services
from carrel.core.account_errors import PasswordUnusable
from carrel.core.accounts import COMMAND_LINE, Scope
from carrel.core.language import tr
from carrel.core.users import Fate, User


def create_administrator(name: str, from_stdin: bool, as_json: bool) -> int:
    """Make an administrator with a password that is asked for."""
    password = _password(from_stdin)
    with services() as opened:
        user = opened.accounts().users.create(
            COMMAND_LINE, name, password, administrator=True, must_change=False
        )
    _print(user, tr("Created: {name}"), as_json)
    return 0


def reset_password(name: str, from_stdin: bool, as_json: bool) -> int:
    """Set a user's password to one that is asked for."""
    with services() as opened:
        users = opened.accounts().users
        user = users.find(COMMAND_LINE, name)  # before anybody types a password for nobody
        user = users.reset_password(COMMAND_LINE, user.id, _password(from_stdin))
    _print(user, tr("Changed: {name}"), as_json)
    return 0


def delete_user(name: str, fate: Fate | None, as_json: bool) -> int:
    """Delete a user with their sessions, API keys and memberships; ``fate``: of what only they own."""
    with services() as opened:
        user = opened.accounts().users.delete(COMMAND_LINE, name, fate)
        if fate == "delete":
            clean_now_or_later(opened, "carrel admin delete")
    _print(user, tr("Deleted: {name}"), as_json)
    return 0


def list_users(as_json: bool) -> int:
    """Print every user by name."""
    with services() as opened:
        users = opened.accounts().users
        found = users.all_of_them(COMMAND_LINE)
        sign_up = users.sign_up_is_open()
    if as_json:
        print_json({"users": [_document(user) for user in found], "sign_up": "open" if sign_up else "closed"})
        return 0
    for user in found:
        marks = [
            *([tr("administrator")] if user.administrator else []),
            *([tr("disabled")] if user.disabled else []),
            tr("last signed in {date}").format(date=user.signed_in_at[:10])
            if user.signed_in_at
            else tr("never signed in"),
        ]
        print(f"{printable(user.name)}  ({', '.join(marks)})")
    if not found:
        print(tr("No users yet. carrel admin create NAME makes the first administrator."))
    return 0


def create_key(name: str, label: str, scopes: Sequence[Scope], days: int | None, as_json: bool) -> int:
    """Make an API key for a user, and print its secret on standard output."""
    with services() as opened:
        key, secret = opened.accounts().api_keys.create(COMMAND_LINE, label, scopes, days, user=name)
    if as_json:
        print_json(
            {
                "id": key.id,
                "name": key.name,
                "secret": secret,
                "scopes": sorted(key.scopes),
                "expires_at": key.expires_at or None,
            }
        )
    else:
        print(secret)
        note(tr("Keep it: it is not shown again."))
    return 0


def set_sign_up(state: str, as_json: bool) -> int:
    """Open or close signing up."""
    with services() as opened:
        opened.accounts().users.set_sign_up(COMMAND_LINE, state)
    if as_json:
        print_json({"sign_up": state})
    else:
        print(
            tr("Everybody can make an account.")
            if state == "open"
            else tr("Only administrators make accounts.")
        )
    return 0


def _password(from_stdin: bool) -> str:
    """Return a password that is typed twice without being shown, or that stands on standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise PasswordUnusable(expected=tr("one typed on a terminal, or --password-stdin"))
    from getpass import getpass

    password = getpass(tr("Password: "))
    if getpass(tr("Once more: ")) != password:
        raise PasswordUnusable(expected=tr("the same text twice"))
    return password


def _print(user: User, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(_document(user))
    else:
        print(sentence.format(name=printable(user.name)))


def _document(user: User) -> dict[str, Json]:
    return {
        "id": user.id,
        "name": user.name,
        "administrator": user.administrator,
        "disabled": user.disabled,
        "must_change_password": user.must_change,
        "created_at": user.created_at,
        "signed_in_at": user.signed_in_at or None,
    }
