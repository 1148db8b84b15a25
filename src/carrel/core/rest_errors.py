"""Errors of the REST API; members of the tree in ``core/errors.py``.

    CarrelError
    ├── UsageError
    │   └── RestError
    │       ├── NotSignedIn · ScopeMissing · CsrfMissing · CrossOrigin · SetUpCodeWrong   who asks
    │       ├── NothingThere · MethodNotTaken · FileLost              what is asked for
    │       ├── BodyNotJson · ContentNotTaken · BodyOverLimit · FieldsUnusable · CursorUnusable
    │       ├── UploadUnreadable · UploadHasNoFiles · TooManyFiles    what is sent
    │       ├── ChangedMeanwhile · RangeOutside · NeedsReindex
    │       └── TooBusy                                               trying again later can help
    └── PaperError
        └── UploadOverLimit     this file is too large; the others go on

Which HTTP status each has is said in ``api/rest/problems.py``.
"""

from carrel.core.errors import PaperError, UsageError


class RestError(UsageError):
    """A request to the REST API that cannot be answered."""


class NotSignedIn(RestError):
    """No session, no key, or one that is not good any more."""

    template = "Nobody is signed in."
    hint_template = (
        "Sign in, or send the header Authorization: Bearer KEY with an API key that is still good."
    )


class ScopeMissing(RestError):
    """The key is not good for this. Parameter: scope."""

    template = "This takes a key with the scope {scope}."
    hint_template = "Make a key that has it, or sign in as somebody who may do this."


class CsrfMissing(RestError):
    """A change asked for with a session's cookie alone, as a stranger's page could do."""

    template = "The header X-CSRF-Token is missing or is not that of the session."
    hint_template = "Send the token that signing in gave, or use an API key instead of the session."


class CrossOrigin(RestError):
    """A change asked for by a page of another site."""

    template = "Another site's page asks for this change."
    hint_template = "Do it on this server's own pages, or use an API key."


class SetUpCodeWrong(RestError):
    """Who sets a server up from elsewhere must have seen what it printed."""

    template = "The set-up code is missing or wrong."
    hint_template = "carrel serve prints it when it starts; or use on the server: carrel admin create NAME."


class NothingThere(RestError):
    """No such address. Parameter: path."""

    template = "There is nothing at {path}."
    hint_template = "See /openapi.json for what there is."


class MethodNotTaken(RestError):
    """GET for POST, or the like. Parameters: method, path."""

    template = "{path} does not take {method}."
    hint_template = "The header Allow says what it takes."


class FileLost(RestError):
    """The catalog knows the paper, but its bytes are gone. Parameter: name."""

    template = "The file of {name} is not in the data folder any more."
    hint_template = "Add it again, or restore it from a backup."


class BodyNotJson(RestError):
    """A body that is no JSON. Parameter: detail."""

    template = "The body is not JSON in UTF-8 ({detail})."
    hint_template = "Send a JSON object."


class ContentNotTaken(RestError):
    """Another kind of content than is taken here. Parameter: expected."""

    template = "This kind of content is not taken here."
    hint_template = "Send the header Content-Type: {expected}."


class BodyOverLimit(RestError):
    """More bytes than are read. Parameter: limit."""

    template = "The body is larger than {limit}."
    hint_template = "Send less in one request."


class FieldsUnusable(RestError):
    """Fields that are missing, unknown or make no sense. Parameter: fields."""

    template = "The request cannot be used as it is: {fields}."
    hint_template = "See /openapi.json for what is expected."


class CursorUnusable(RestError):
    """A cursor that no answer gave."""

    template = "The cursor cannot be read."
    hint_template = (
        "Use the one in an answer's next, unchanged and at the same address, or begin without one."
    )


class UploadUnreadable(RestError):
    """A multipart body that is broken or hostile. Parameter: detail."""

    template = "The upload cannot be read ({detail})."
    hint_template = "Send multipart/form-data with a part a file, as curl -F files=@paper.pdf does."


class UploadHasNoFiles(RestError):
    """Not one file in an upload."""

    template = "The upload holds no file."
    hint_template = "Send each file in a part of its own with a file name, as curl -F files=@paper.pdf does."


class TooManyFiles(RestError):
    """More files than one upload may have. Parameter: limit."""

    template = "One upload may hold {limit} files; those before were taken."
    hint_template = "Send the others in another request."


class ChangedMeanwhile(RestError):
    """It is not any more what the client has seen."""

    template = "It has changed since it was read."
    hint_template = "Read it again and decide anew: its ETag is another one."


class RangeOutside(RestError):
    """No byte of the file lies in the range. Parameter: size."""

    template = "The range lies outside the file, which has {size} bytes."
    hint_template = "Ask for bytes=FIRST-LAST within it."


class NeedsReindex(RestError):
    """A setting that every passage depends on. Parameter: fields."""

    template = "{fields} cannot be changed like this: every paper would have to be indexed anew."
    hint_template = "Ask for it with POST /api/v1/knowledge-bases/ID/reindex."


class TooBusy(RestError):
    """As much waits as may wait."""

    template = "The server is busy."
    hint_template = "Try again in a few seconds."
    retryable = True


class UploadOverLimit(PaperError):
    """A file that is larger than may be uploaded. Parameter: limit."""

    template = "{name} is larger than {limit} MB."
    hint_template = "Split it, or ask whoever runs the server to raise CARREL_UPLOAD_MAX_MB."
