"""What the routes of accounts take and give, as schemas."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from carrel.api.rest.documents import PLAIN, Given
from carrel.core.accounts import Caller, Role
from carrel.core.audit import AuditEntry
from carrel.core.users import ApiKey, Member, User

UserName = Annotated[str, Field(min_length=1, max_length=100), PLAIN]
Password = Annotated[str, Field(max_length=1000, description="10 to 1,000 characters."), PLAIN]
ScopeName = Literal["read", "write", "models", "admin"]


class NewAdministrator(Given):
    """The first user of a server."""

    name: UserName
    password: Password
    code: Annotated[str, Field(max_length=100), PLAIN] = Field(
        "", description="As carrel serve printed it; not needed on the server's own machine."
    )


class Credentials(Given):
    """A name and its password."""

    name: Annotated[str, Field(max_length=1000), PLAIN]
    password: Annotated[str, Field(max_length=10_000), PLAIN]


class PasswordChange(Given):
    """One's own password, so far and from now on."""

    present: Annotated[str, Field(max_length=10_000), PLAIN]
    new: Password


class NewPassword(Given):
    """A password for somebody else, who must change it."""

    password: Password


class NewUser(Given):
    """A user to be made; they must change the password when they first sign in."""

    name: UserName
    password: Password
    administrator: bool = False


class UserChanges(Given):
    """What is to change of a user."""

    administrator: bool | None = None
    disabled: bool | None = Field(None, description="Signed out everywhere; their API keys rest.")


class SignUpState(Given):
    """Whether everybody may make an account."""

    state: Literal["open", "closed"]


class UserDocument(BaseModel):
    """A user."""

    id: str
    name: str
    administrator: bool
    disabled: bool
    must_change_password: bool
    created_at: str
    signed_in_at: str | None

    @classmethod
    def of(cls, user: User) -> "UserDocument":
        """Return a user as a document."""
        return cls(
            id=user.id,
            name=user.name,
            administrator=user.administrator,
            disabled=user.disabled,
            must_change_password=user.must_change,
            created_at=user.created_at,
            signed_in_at=user.signed_in_at or None,
        )


class SetUpDocument(BaseModel):
    """How a server stands, before anybody is signed in."""

    set_up: bool = Field(description="Whether there is an account.")
    sign_up: Literal["open", "closed"]
    code_needed: bool = Field(description="Whether this client must send the set-up code.")


class SessionDocument(BaseModel):
    """Who asks, and what their key or session is good for."""

    user_id: str = Field(description="Empty for the command line of the server's machine.")
    name: str
    administrator: bool
    must_change_password: bool = Field(description="Then nothing else is possible.")
    scopes: list[ScopeName]
    csrf_token: str | None = Field(description="For the header X-CSRF-Token; null where a key asks.")

    @classmethod
    def of(cls, caller: Caller, csrf_token: str | None) -> "SessionDocument":
        """Return a caller as a document."""
        return cls(
            user_id=caller.user_id,
            name=caller.name,
            administrator=caller.administrator,
            must_change_password=not caller.scopes,
            scopes=[scope.value for scope in sorted(caller.scopes)],
            csrf_token=csrf_token,
        )


class NewApiKey(Given):
    """A key to be made."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="What it is for."), PLAIN]
    scopes: list[ScopeName] = Field(min_length=1, max_length=10)
    days: int | None = Field(None, ge=1, le=3660, description="For how long; for ever by default.")
    user: Annotated[str, Field(max_length=200), PLAIN] = Field(
        "", description="Id or name of whose it is, for administrators; one's own by default."
    )


class ApiKeyDocument(BaseModel):
    """A key, without its secret."""

    id: str
    user_id: str
    name: str
    hint: str = Field(description="Its first characters.")
    scopes: list[ScopeName]
    created_at: str
    expires_at: str | None
    used_at: str | None
    revoked_at: str | None

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyDocument":
        """Return a key as a document."""
        return cls(
            id=key.id,
            user_id=key.user_id,
            name=key.name,
            hint=key.hint,
            scopes=[scope.value for scope in sorted(key.scopes)],
            created_at=key.created_at,
            expires_at=key.expires_at or None,
            used_at=key.used_at or None,
            revoked_at=key.revoked_at or None,
        )


class MadeApiKey(ApiKeyDocument):
    """A key that was just made, with its secret: it is not shown again."""

    secret: str

    @classmethod
    def with_secret(cls, key: ApiKey, secret: str) -> "MadeApiKey":
        """Return a new key as a document."""
        return cls(**dict(ApiKeyDocument.of(key)), secret=secret)


class ApiKeys(BaseModel):
    """The keys of a user."""

    items: list[ApiKeyDocument]


class RoleGiven(Given):
    """What somebody may do with a knowledge base."""

    role: Literal["viewer", "editor", "owner"]


class MemberDocument(BaseModel):
    """Somebody with a role in a knowledge base."""

    user_id: str
    name: str
    role: Role

    @classmethod
    def of(cls, member: Member) -> "MemberDocument":
        """Return a member as a document."""
        return cls(user_id=member.user_id, name=member.name, role=member.role)


class Members(BaseModel):
    """The members of a knowledge base."""

    items: list[MemberDocument]


class AuditDocument(BaseModel):
    """A line of the audit log."""

    number: int
    at: str
    user_id: str
    user_name: str
    action: str
    subject: str
    detail: dict[str, str]
    address: str

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditDocument":
        """Return an entry as a document."""
        return cls(
            number=entry.number,
            at=entry.at,
            user_id=entry.user_id,
            user_name=entry.user_name,
            action=entry.action,
            subject=entry.subject,
            detail=dict(entry.detail),
            address=entry.address,
        )
