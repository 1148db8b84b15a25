"""The audit log and failures in words: what programs know by a code is said in the reader's language."""

from collections.abc import Mapping

from carrel.core.language import tr


def deed(action: str) -> str:
    """Return what was done, by its code in the audit log."""
    return {
        "set-up": tr("made the first account"),
        "sign-in": tr("signed in"),
        "sign-in-failed": tr("failed to sign in"),
        "sign-out": tr("signed out"),
        "password-change": tr("changed the password"),
        "password-reset": tr("gave a new password"),
        "user-create": tr("made a user"),
        "user-change": tr("changed a user"),
        "user-delete": tr("deleted a user"),
        "api-key-create": tr("made an API key"),
        "api-key-revoke": tr("revoked an API key"),
        "server-configure": tr("changed the server"),
        "endpoint-create": tr("named a model's server"),
        "endpoint-change": tr("changed a model's server"),
        "endpoint-delete": tr("removed a model's server"),
        "knowledge-base-create": tr("made a knowledge base"),
        "knowledge-base-configure": tr("changed a knowledge base"),
        "knowledge-base-calibrate": tr("found out how much meaning counts in a knowledge base"),
        "knowledge-base-share": tr("shared a knowledge base"),
        "knowledge-base-unshare": tr("ended the sharing of a knowledge base"),
        "knowledge-base-reindex": tr("re-indexed a knowledge base"),
        "knowledge-base-delete": tr("deleted a knowledge base"),
        "papers-add": tr("added papers"),
        "paper-remove": tr("took a paper out"),
        "paper-correct": tr("corrected a paper"),
        "paper-tag": tr("tagged a paper"),
        "judgments-import": tr("imported judgments"),
        "judgment-remove": tr("took somebody's judgment back"),
        "job-cancel": tr("gave a job up"),
        "job-retry": tr("tried a job again"),
        "backup": tr("made a backup"),
        "restore": tr("restored a backup"),
    }.get(action, action)


def doer(user_id: str, user_name: str) -> str:
    """Return who did it: a user by their name, in words who is none."""
    nobody = {"": tr("command line"), "command line": tr("command line"), "server": tr("the server")}
    return user_name if user_id else nobody.get(user_name, user_name)


def field_name(name: str) -> str:
    """Return what a field of a form, or of the audit log, is called."""
    return (_of_people_and_papers() | _of_models()).get(name, name)


def _of_people_and_papers() -> dict[str, str]:
    return {
        "name": tr("Name"),
        "description": tr("What it holds"),
        "paused": tr("paused"),
        "file": tr("File"),
        "files": tr("Files"),
        "first": tr("the first"),
        "papers": tr("Papers"),
        "knowledge_base": tr("Knowledge base"),
        "knowledge_bases": tr("Knowledge base"),
        "user": tr("User"),
        "administrator": tr("administrator"),
        "disabled": tr("shut out"),
        "role": tr("May"),
        "scopes": tr("May"),
        "expires": tr("Ends"),
        "sessions": tr("sessions"),
        "agent": tr("Browser"),
        "purpose": tr("For"),
        "meaning_share": tr("Share of meaning"),
        "before": tr("before"),
        "tags": tr("Tags"),
        "title": tr("Title"),
        "authors": tr("Authors"),
        "year": tr("Year"),
        "venue": tr("Venue"),
        "language": tr("Language"),
        "key": tr("API key"),
        "doi": "DOI",
    }


def _of_models() -> dict[str, str]:
    return {
        "model": tr("Model"),
        "url": tr("Address"),
        "key_changed": tr("new key"),
        "embedder": tr("Model"),
        "dimensions": tr("Dimensions"),
        "size": tr("Tokens a passage"),
        "overlap": tr("Overlapping"),
        "references": tr("References"),
        "parser": tr("Parser"),
        "profile": tr("Profile"),
        "query_template": tr("Instruction for questions"),
        "document_template": tr("Template for passages"),
        "width": tr("Width"),
        "max_tokens": tr("Tokens read of a text"),
        "batch_texts": tr("Texts a request"),
        "batch_tokens": tr("Tokens a request"),
        "requests": tr("Requests at once"),
        "seconds": tr("Seconds"),
    }


def details(detail: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what it was done with, each with its name; ids and what says nothing are left out."""
    said = {"true": tr("yes"), "false": tr("no"), "viewer": tr("viewer"), "editor": tr("editor")}
    said |= {"owner": tr("owner"), "embedder": tr("embedding"), "reranker": tr("reranking")}
    return tuple(
        (field_name(name), said.get(value.lower(), value))
        for name, value in detail.items()
        if value and not name.endswith("_id")
    )


def failure(kind: str) -> str:
    """Return what kind of failure it is, by its code."""
    return {
        "code-elsewhere": tr("a program, and no knowledge base of code"),
        "damaged-document": tr("damaged file"),
        "damaged-pdf": tr("damaged PDF"),
        "empty-file": tr("empty file"),
        "encrypted-pdf": tr("needs a password"),
        "ends-its-worker": tr("ends what works on it"),
        "file-too-large": tr("too large"),
        "file-unreadable": tr("cannot be read"),
        "garbled-text": tr("garbled text"),
        "no-text": tr("no text on its pages"),
        "no-text-inside": tr("no text in it"),
        "no-text-layer": tr("a scan without text"),
        "not-a-pdf": tr("not a PDF"),
        "not-text": tr("not text"),
        "ocr-failed": tr("OCR failed"),
        "parse-memory-exceeded": tr("takes too much memory to read"),
        "parse-output-exceeded": tr("too much text"),
        "parse-timeout": tr("takes too long to read"),
        "parser-crashed": tr("crashed its reader"),
        "parsing-service-refused": tr("refused by the parsing service"),
        "removed-meanwhile": tr("removed meanwhile"),
        "scan-here": tr("a scan without text"),
        "text-refused": tr("refused by the model's server"),
        "too-many-pages": tr("too many pages"),
        "unforeseen-fault": tr("a fault in Carrel"),
        "unreadable-after-ocr": tr("text without meaning"),
        "unreadable-here": tr("text without meaning"),
        "unreadable-text": tr("text without meaning"),
        "unsupported-format": tr("a format that Carrel does not read"),
        "upload-over-limit": tr("too large"),
        "wrong-password": tr("wrong password"),
    }.get(kind, kind.replace("-", " "))
