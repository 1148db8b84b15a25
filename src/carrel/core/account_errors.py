"""Errors of accounts and of what may be seen and done; members of the tree in ``core/errors.py``.

CarrelError
└── UsageError
    ├── RoleTooLow                      it may be seen, but not changed
    ├── KnowledgeBaseAmbiguous          several knowledge bases of one name may be seen
    ├── NotAllowed                      AdministratorsOnly · ScopeTooNarrow · PasswordMustChange
    ├── SetUpAlready · SignUpClosed
    ├── SignInRefused · SignInThrottled · SignUpThrottled · ApiKeyRefused
    ├── UserNameUnusable · UserExists · UserMissing · PasswordUnusable · PasswordWrong
    ├── ApiKeyMissing · ApiKeyUnusable
    ├── LastAdministrator · LastOwner · OwnsKnowledgeBases
    ├── SecretKeyWrong · SecretKeyUnusable
    └── EndpointMissing · EndpointExists · EndpointForbidden · EndpointKeyNeeded

No message holds a password, a token or a key.
"""

from carrel.core.errors import UsageError


class RoleTooLow(UsageError):
    """The caller may see the knowledge base, but not do this with it. Parameters: name, role, needed."""

    template = "With the role of {role} in {name!r} this is not possible; it takes that of {needed}."
    hint_template = "Ask an owner of the knowledge base for the role."


class KnowledgeBaseAmbiguous(UsageError):
    """Several people have a knowledge base of that name. Parameters: name, ids."""

    template = "Several knowledge bases are called {name!r}."
    hint_template = "Use the id of the one you mean: {ids}."


class NotAllowed(UsageError):
    """The caller may not do this, whatever it is done with."""


class AdministratorsOnly(NotAllowed):
    """Only administrators may."""

    template = "Only administrators may do this."
    hint_template = "Ask an administrator of this server."


class ScopeTooNarrow(NotAllowed):
    """The API key is good for other things. Parameter: scope."""

    template = "The API key does not have the scope {scope}."
    hint_template = "Make a key that has it, or sign in with your password."


class PasswordMustChange(NotAllowed):
    """The password was set by somebody else."""

    template = "The password was set by somebody else and must be changed first."
    hint_template = "Choose a password of your own."


class SetUpAlready(UsageError):
    """There is an administrator."""

    template = "This server has its first administrator already."
    hint_template = "Sign in, or make another administrator with: carrel admin create NAME."


class SignUpClosed(UsageError):
    """Accounts are made by administrators."""

    template = "Nobody can make an account of their own on this server."
    hint_template = "Ask an administrator for one; they can also open it with: carrel admin sign-up open."


class SignInRefused(UsageError):
    """Name or password is wrong, or the account is disabled; it does not say which."""

    template = "The name or the password is wrong."
    hint_template = "Check both; an administrator can set a new password."


class SignInThrottled(UsageError):
    """Too many failures, or too many at once. Parameter: seconds."""

    template = "There were too many attempts to sign in."
    hint_template = "Try again in {seconds} seconds."
    retryable = True


class SignUpThrottled(SignInThrottled):
    """Too many accounts asked for from one address. Parameter: seconds."""

    template = "Too many accounts were asked for from this address."


class ApiKeyRefused(UsageError):
    """The key is unknown, expired, revoked, or its user is disabled; it does not say which."""

    template = "The API key is not valid."
    hint_template = "Check that it is whole; your list of keys says whether it has expired or was revoked."


class UserNameUnusable(UsageError):
    """A name that users cannot have. Parameter: expected."""

    template = "This cannot be a user's name."
    hint_template = "Expected: {expected}."


class UserExists(UsageError):
    """The name, or one that reads like it, is taken. Parameter: name."""

    template = "There is a user with the name {name!r} already, or one that reads the same."
    hint_template = "Choose another name."


class UserMissing(UsageError):
    """No such user. Parameter: name."""

    template = "There is no user {name!r}."
    hint_template = "Give the name exactly as it is, or the user's id."


class PasswordUnusable(UsageError):
    """A password that cannot be set. Parameter: expected."""

    template = "This cannot be a password."
    hint_template = "Expected: {expected}."


class PasswordWrong(UsageError):
    """The present password is another one."""

    template = "The present password is wrong."
    hint_template = "Type it again; an administrator can set a new one."


class ApiKeyMissing(UsageError):
    """No such key. Parameter: id."""

    template = "There is no API key with the id {id!r}."
    hint_template = "Your list of keys has their ids."


class ApiKeyUnusable(UsageError):
    """A key that cannot be made. Parameter: expected."""

    template = "No such API key can be made."
    hint_template = "Expected: {expected}."


class LastAdministrator(UsageError):
    """A server without administrators could not be helped. Parameter: name."""

    template = "{name!r} is the last administrator of this server."
    hint_template = "Make another administrator first."


class LastOwner(UsageError):
    """A knowledge base without an owner could not be shared or deleted. Parameter: name."""

    template = "The knowledge base {name!r} would be left without an owner."
    hint_template = "Make somebody else an owner first, or delete the knowledge base."


class OwnsKnowledgeBases(UsageError):
    """What becomes of a deleted user's knowledge bases was not said. Parameters: name, names."""

    template = "{name!r} is the only owner of knowledge bases: {names}."
    hint_template = "Say what is to become of them: delete them, or keep them for an administrator."


class SecretKeyWrong(UsageError):
    """What is encrypted in the catalog was encrypted with another key. Parameter: path."""

    template = "What is encrypted in the catalog cannot be read with the key in {path}."
    hint_template = (
        "Put back the key it was encrypted with (secret.key of the data folder, or CARREL_SECRET_KEY, the "
        "same on every machine); where it is lost, enter the keys of the models' servers again."
    )


class SecretKeyUnusable(UsageError):
    """The key is no key. Parameter: path."""

    template = "There is no usable key in {path}."
    hint_template = "It is 32 random bytes in base64, as this makes them: openssl rand -base64 32."


class EndpointMissing(UsageError):
    """No such server of models. Parameter: id."""

    template = "There is no model server with the id {id!r}."
    hint_template = "The list of model servers has their ids."


class EndpointExists(UsageError):
    """The model has its server. Parameters: purpose, model."""

    template = "The {purpose} {model!r} has its server already."
    hint_template = "Change that one, or remove it first."


class EndpointForbidden(UsageError):
    """An address at which clouds give out a machine's credentials. Parameter: url."""

    template = "Nothing is sent to {url}: clouds give out credentials at this address."
    hint_template = "Name the address of a model's server."


class EndpointKeyNeeded(UsageError):
    """A kept key would be sent to another address. Parameter: url."""

    template = "The key that is kept is for the present address, not for {url}."
    hint_template = "Enter the key again, or an empty one."
