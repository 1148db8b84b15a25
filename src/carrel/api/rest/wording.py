"""What errors say over REST: nothing of this machine's addresses, and what to do over HTTP."""

import re
from collections.abc import Mapping

from pydantic import BaseModel

from carrel.core.account_errors import PasswordMustChange, SetUpAlready, SignUpClosed
from carrel.core.catalog_errors import CatalogLoginRefused, CatalogNotWritable, CatalogUnreachable
from carrel.core.detail import detail_said
from carrel.core.engine_errors import (
    EncoderChanged,
    EndpointNonsense,
    EndpointNotSet,
    EndpointRefuses,
    EndpointUnavailable,
    NoRerankerConfigured,
)
from carrel.core.errors import (
    CarrelError,
    EmptyQuery,
    EncryptedPdf,
    IndexDamaged,
    IndexIncomplete,
    KnowledgeBaseExists,
    KnowledgeBaseMissing,
    NoTextLayer,
    PaperMissing,
    ParsingServiceRefused,
    SpaceMismatch,
    StorageFull,
    UnforeseenFault,
)
from carrel.core.index_errors import IndexServerRefuses, IndexServerUnavailable
from carrel.core.job_errors import JobMissing
from carrel.core.kept_errors import class_of, parameters_of, said
from carrel.core.language import tr
from carrel.core.rebuild_errors import NoRebuild, NothingKept, RebuildUnderWay, SelfCheckFailed

# What tells of this machine is for its log, not for everybody who may ask.
_PRIVATE = frozenset({"folder", "path", "url", "endpoint", "holder", "key", "ways", "database"})
# What went wrong is told by others in their own words, addresses among them.
_TOLD_BY_OTHERS = (CatalogUnreachable, CatalogLoginRefused, CatalogNotWritable, UnforeseenFault)
_OURS = frozenset({"NothingThere", "MethodNotTaken"})  # their path is the client's own
_ADDRESS = re.compile(r"\w+://[^\s)\"']+")

_SERVER_OF_A_MODEL = (
    "An administrator can see to the model's server: that it runs, and that its address and key are right, "
    "in PUT /api/v1/endpoints/ID or in the server's settings."
)
_ITS_LOG = "Try again in a little while; whoever runs the server finds more in its log. Nothing was lost."

HINTS: Mapping[type[CarrelError], str] = {
    KnowledgeBaseMissing: "See those there are with: GET /api/v1/knowledge-bases.",
    KnowledgeBaseExists: (
        "Choose another name, or add papers to it: POST /api/v1/knowledge-bases/ID/papers."
    ),
    PaperMissing: "See those there are with: GET /api/v1/knowledge-bases/ID/papers.",
    JobMissing: "See those there are with: GET /api/v1/jobs.",
    StorageFull: "Make room on the server and send it again; what was accepted is kept.",
    EmptyQuery: "Send a question or a few words.",
    EncryptedPdf: "Save it without its password, and upload it again.",
    NoTextLayer: (
        "Add a text layer, for example with: ocrmypdf IN.pdf OUT.pdf, and upload it again; or ask whoever "
        "runs the server to install Tesseract there."
    ),
    ParsingServiceRefused: "Add it to a knowledge base with another parser.",
    NoRerankerConfigured: "Leave rerank out, or ask an administrator to set up a reranker.",
    EndpointUnavailable: _SERVER_OF_A_MODEL,
    EndpointRefuses: _SERVER_OF_A_MODEL,
    EndpointNonsense: _SERVER_OF_A_MODEL,
    EndpointNotSet: (
        "An administrator can name one: POST /api/v1/endpoints. GET /api/v1/models lists models."
    ),
    EncoderChanged: (
        "Another model, quantisation or pooling is served under that name: an administrator can go back to "
        "the one before, or an owner re-index with POST /api/v1/knowledge-bases/ID/reindex."
    ),
    SpaceMismatch: "An owner can rebuild it: POST /api/v1/knowledge-bases/ID/reindex.",
    IndexIncomplete: "Try again in a few minutes: the server brings in by itself what is missing.",
    IndexDamaged: _ITS_LOG,
    IndexServerUnavailable: _ITS_LOG,
    IndexServerRefuses: _ITS_LOG,
    CatalogUnreachable: _ITS_LOG,
    CatalogLoginRefused: _ITS_LOG,
    CatalogNotWritable: _ITS_LOG,
    RebuildUnderWay: (
        "Wait until that has ended, or end it with: POST /api/v1/knowledge-bases/ID/reindex/cancel. Nothing "
        "was changed."
    ),
    NoRebuild: "See how it stands with: GET /api/v1/knowledge-bases/ID/reindex.",
    NothingKept: (
        "Re-index it with the settings that you want back: POST /api/v1/knowledge-bases/ID/reindex."
    ),
    SelfCheckFailed: "The old one serves on. Begin again; if that does not help, report it.",
    PasswordMustChange: "Choose a password of your own: POST /api/v1/session/password.",
    SetUpAlready: "Sign in; an administrator can make others: POST /api/v1/users.",
    SignUpClosed: "Ask an administrator for one.",
}
"""What to do over HTTP, where the tree's own hint names commands; it holds for subclasses, too."""


class WhyNot(BaseModel):
    """Why a file did not become a paper, or was tried in vain the last time."""

    kind: str
    message: str

    @classmethod
    def of(cls, kind: str, kept: str, in_whole: bool) -> "WhyNot | None":
        """Return an error that the catalog keeps, in the reader's language; ``in_whole``: with addresses."""
        return cls(kind=kind, message=told(kind, kept, in_whole)) if kind else None


def told(kind: str, kept: str, in_whole: bool) -> str:
    """Return what an error says that the catalog keeps; ``in_whole``: with addresses."""
    known, parameters = class_of(kind), parameters_of(kept)
    if known is None or parameters is None:
        return said(kept) if in_whole else _ADDRESS.sub("…", said(kept))
    return " ".join(worded(known, parameters, in_whole)).strip()


def worded(
    error: type[CarrelError], parameters: Mapping[str, str], in_whole: bool = False
) -> tuple[str, str]:
    """Return what happened and what to do, without what is nobody's business but this machine's."""
    shown = dict(parameters) if in_whole else {name: _shown(error, name, parameters) for name in parameters}
    if "detail" in shown:
        shown["detail"] = detail_said(shown["detail"])
    hint = next((HINTS[each] for each in error.__mro__ if each in HINTS), error.hint_template)
    return tr(error.template).format(**shown), tr(hint).format(**shown)


def _shown(error: type[CarrelError], name: str, parameters: Mapping[str, str]) -> str:
    value = parameters[name]
    if error.__name__ in _OURS:
        return value
    if name in _PRIVATE or (name == "host" and "database" in parameters):
        return "…"
    if name != "detail":
        return value
    return "…" if issubclass(error, _TOLD_BY_OTHERS) else _ADDRESS.sub("…", value)
