"""Finding out who asks, in the catalog; and the code that sets a server up from another machine."""

from carrel.core.account_errors import ApiKeyRefused
from carrel.core.accounts import Caller
from carrel.core.users import Session
from carrel.library.accounts import Accounts
from carrel.library.tokens import digest

_CODE = 16  # hexadecimal digits


class CatalogSignIn:
    """The protocol ``SignIn`` over the accounts of a catalog."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def session_caller(self, token: str) -> Session | None:
        """Return the session with this token; None where there is none, or it has ended."""
        return self._accounts.signing_in.session(token)

    def key_caller(self, secret: str) -> Caller | None:
        """Return whose API key this is; None where it is nobody's, or not good any more."""
        try:
            return self._accounts.api_keys.key_caller(secret)
        except ApiKeyRefused:
            return None

    def anybody(self) -> bool:
        """Whether there is an account that could sign in."""
        return self._accounts.users.is_set_up()


def set_up_code(token: str) -> str:
    """Return what ``carrel serve`` prints while there is no account; "" where the server has no token."""
    return digest("set-up", token)[:_CODE] if token else ""
