"""Errors of models and their servers; members of the tree in ``core/errors.py``.

    CarrelError
    ├── UsageError
    │   ├── EndpointNotSet · DimensionsImpossible · EngineNotInstalled · GgufUnusable
    │   ├── GgufNotHere · GgufNotFound · GgufAmbiguous
    │   └── NoRerankerConfigured
    ├── PaperError
    │   └── TextRefused         one passage is refused by the server: this paper fails, the others go on
    └── ServiceError
        ├── TextsRefused          some texts of a call are refused: the caller says which papers they are of
        ├── EndpointUnavailable   nothing there, busy for too long, or gone: trying again later can help
        │   └── EndpointLost        it answered before and does not any more
        ├── ModelSlow             it has not answered yet, and nobody stands still for it
        ├── EndpointRefuses       a key, a model name or an address is wrong: trying again cannot help
        ├── EndpointNonsense      what came back is no answer to what was asked
        ├── EngineNotStarted      the process that runs a GGUF file could not be started
        ├── ModelSilent           it owes others an answer already, for too long
        ├── RerankerStarting      that process is not ready yet: trying again in a moment helps
        └── EncoderChanged        it answers, but not with the vectors it gave before

``setting`` is the name of the setting to change, such as ``CARREL_EMBEDDER_URL``. Addresses in
parameters never hold a user name, password or key.
"""

from collections.abc import Mapping

from carrel.core.errors import PaperError, ServiceError, UsageError


class EndpointNotSet(UsageError):
    """A model that only a server can run, and no server's address. Parameters: model, setting."""

    template = "The model {model!r} is run by a server, and no address of one is set."
    hint_template = (
        "Set {setting} to the server's address, such as http://127.0.0.1:8000/v1; carrel engine shows how to "
        "start one, and carrel models list what needs none."
    )


class DimensionsImpossible(UsageError):
    """Dimensions that the model's vectors cannot be cut to. Parameters: model, wanted, expected."""

    template = "Vectors of {model} cannot have {wanted} dimensions."
    hint_template = "Expected: {expected}."


class EngineNotInstalled(UsageError):
    """An engine whose package is an optional extra. Parameters: engine, extra."""

    template = "{engine} is not installed."
    hint_template = "Install what it needs with: pip install 'carrel[{extra}]'."


class GgufUnusable(UsageError):
    """A GGUF file that cannot be run as what it is wanted for. Parameters: path, detail."""

    template = "{path} cannot be used ({detail})."
    hint_template = (
        "Use a GGUF file of Qwen3-Embedding or Qwen3-Reranker, fetched whole: carrel models pull NAME."
    )


class GgufNotHere(UsageError):
    """A GGUF file that is not on this machine. Parameter: name."""

    template = "There is no file {name}, and no GGUF model of that name has been fetched."
    hint_template = "Check the path, or fetch the model with: carrel models pull {name}."


class GgufNotFound(UsageError):
    """The model hub has no such GGUF file. Parameters: name, endpoint, detail."""

    template = "{endpoint} has no GGUF file {name} ({detail})."
    hint_template = (
        "Check the spelling: OWNER/REPOSITORY, OWNER/REPOSITORY:QUANTISATION or OWNER/REPOSITORY/FILE.gguf, "
        "such as Qwen/Qwen3-Embedding-0.6B-GGUF:Q8_0."
    )


class GgufAmbiguous(UsageError):
    """Several GGUF files answer to a name. Parameters: name, files."""

    template = "{name} has several GGUF files."
    hint_template = "Name one of them behind a colon or in full: {files}."


class NoRerankerConfigured(UsageError):
    """--rerank was asked for and there is no reranker."""

    template = "No reranker is configured."
    hint_template = (
        "Leave out --rerank, or set CARREL_RERANKER to a reranker's model and CARREL_RERANKER_URL to its "
        "server."
    )


class TextRefused(PaperError):
    """The server refuses one text of a paper. Parameters: place, endpoint, detail."""

    template = "{name}: {endpoint} refuses the text at {place} ({detail})."
    hint_template = (
        "If it is too long for the server, raise the server's limit or set CARREL_EMBEDDER_MAX_TOKENS to it, "
        "and add the file again; what was embedded is kept."
    )


class TextsRefused(ServiceError):
    """The server refuses some texts and takes the others. Parameters: endpoint, count, detail.

    ``refused`` has the number of each refused text in the call, with what the server said of it.
    """

    template = "{endpoint} refuses {count} of the texts ({detail})."
    hint_template = "Shorten them, or set CARREL_EMBEDDER_MAX_TOKENS to what the server reads."
    retryable = False

    def __init__(self, refused: Mapping[int, str] | None = None, **parameters: object) -> None:
        super().__init__(**parameters)
        self.refused = dict(refused or {})

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild with what was refused."""
        return (_rebuild_refused, (self.refused, self.parameters))


class EndpointUnavailable(ServiceError):
    """No server there, or it is busy for too long. Parameters: endpoint, detail, setting."""

    template = "{endpoint} cannot be reached or does not answer ({detail})."
    hint_template = (
        "See that the server runs and that {setting} is right: carrel doctor --embedder URL tells more."
    )


class EndpointLost(EndpointUnavailable):
    """A server that answered before is away now. Parameters: endpoint, detail, setting."""


class ModelSilent(ServiceError):
    """A model that has not answered others for a while: nobody else waits for it. Parameter: model."""

    template = "The model {model!r} does not answer."
    hint_template = "Search by words alone meanwhile (mode lexical), or leave out what is searched with it."


class ModelSlow(ServiceError):
    """A model that has not answered yet, and is not waited for. Parameter: model."""

    template = "The model {model} has not answered yet."
    hint_template = (
        "What needs it is tried again, and the rest goes on. If it lasts, its server hangs: see carrel "
        "doctor --embedder."
    )


class EndpointRefuses(ServiceError):
    """The server refuses us, whatever we ask. Parameters: endpoint, detail, setting."""

    template = "{endpoint} refuses the request ({detail})."
    hint_template = "Correct {setting}; carrel doctor --embedder URL shows the request as it was sent."
    retryable = False


class EndpointNonsense(ServiceError):
    """What came back is no answer to what was asked. Parameters: endpoint, detail, setting."""

    template = "{endpoint} gives an answer that cannot be used ({detail})."
    hint_template = (
        "See that {setting} names a server of the right kind; carrel doctor --embedder URL shows what it "
        "says."
    )
    retryable = False


class EngineNotStarted(ServiceError):
    """The process that runs a GGUF file could not be started, or died at once. Parameters: path, detail."""

    template = "The process that runs {path} could not be started ({detail})."
    hint_template = (
        "It needs about as much free memory as the file has bytes; make room, lower "
        "CARREL_EMBEDDER_MAX_TOKENS, or set CARREL_EMBEDDER_URL to a server. Nothing was lost."
    )


class RerankerStarting(ServiceError):
    """The process that runs a reranker's GGUF file is not ready yet. Parameter: model."""

    template = "The reranker {model} is still starting."
    hint_template = "Search again in a moment, or let searches wait longer with CARREL_RERANKER_SECONDS."


class EncoderChanged(ServiceError):
    """A server gives other vectors than before under the same name. Parameters: model, endpoint, cosine."""

    template = "{endpoint} gives other vectors of {model} than before (cosine {cosine} for the same text)."
    hint_template = (
        "Another model, quantisation or pooling is served under that name: go back to the one that the "
        "knowledge base was built with, or serve the new one under another name. Nothing was changed."
    )
    retryable = False


def _rebuild_refused(refused: dict[int, str], parameters: dict[str, str]) -> TextsRefused:
    return TextsRefused(refused, **parameters)
