"""The audit log's entries: who did what, with what, when, from where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Action(StrEnum):
    """What is written down. The names are stable: programs read them."""

    SET_UP = "set-up"
    SIGN_IN = "sign-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGN_OUT = "sign-out"
    PASSWORD_CHANGE = "password-change"  # noqa: S105 - no password
    PASSWORD_RESET = "password-reset"  # noqa: S105
    USER_CREATE = "user-create"
    USER_CHANGE = "user-change"
    USER_DELETE = "user-delete"
    API_KEY_CREATE = "api-key-create"
    API_KEY_REVOKE = "api-key-revoke"
    SERVER_CONFIGURE = "server-configure"
    ENDPOINT_CREATE = "endpoint-create"
    ENDPOINT_CHANGE = "endpoint-change"
    ENDPOINT_DELETE = "endpoint-delete"
    KNOWLEDGE_BASE_CREATE = "knowledge-base-create"
    KNOWLEDGE_BASE_CONFIGURE = "knowledge-base-configure"
    KNOWLEDGE_BASE_CALIBRATE = "knowledge-base-calibrate"  # asked for; by itself where the share changes
    KNOWLEDGE_BASE_SHARE = "knowledge-base-share"
    KNOWLEDGE_BASE_UNSHARE = "knowledge-base-unshare"
    KNOWLEDGE_BASE_REINDEX = "knowledge-base-reindex"
    KNOWLEDGE_BASE_DELETE = "knowledge-base-delete"
    PAPERS_ADD = "papers-add"  # one entry an upload
    PAPER_REMOVE = "paper-remove"
    PAPER_CORRECT = "paper-correct"
    PAPER_TAG = "paper-tag"
    JUDGMENTS_IMPORT = "judgments-import"
    JUDGMENT_REMOVE = "judgment-remove"  # somebody else's
    JOB_CANCEL = "job-cancel"
    JOB_RETRY = "job-retry"
    BACKUP = "backup"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the log. ``detail`` holds no secret; ``key`` in it is the id of an API key."""

    number: int  # in order of time, without gaps
    at: str
    user_id: str  # "": the command line, or nobody who is known
    user_name: str
    action: str
    subject: str  # the id of what it was done with
    detail: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
