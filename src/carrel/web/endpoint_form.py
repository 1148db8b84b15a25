"""The form of a model's server: read, and filled in again. A key goes in and never comes out."""

from collections.abc import Mapping
from dataclasses import dataclass

from carrel.core.endpoints import EndpointOptions, ModelEndpoint, Purpose
from carrel.core.errors import InvalidSetting
from carrel.web.forms import Form

NUMBERS = ("width", "max_tokens", "batch_texts", "batch_tokens", "requests")
_TEXTS = ("profile", "query_template", "document_template", "template")
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class EndpointForm:
    """What stands in the form. ``key``: None is the one that is kept, "" is none."""

    id: str
    purpose: Purpose
    model: str = ""
    url: str = ""
    key: str | None = ""
    has_key: bool = False
    fields: Mapping[str, str] | None = None  # the options, as they were typed

    def __getitem__(self, name: str) -> str:
        """Return an option as the form shows it."""
        return (self.fields or {}).get(name, "")

    @property
    def has_more(self) -> bool:
        """Whether any of the options that are rarely needed is set."""
        return any(self[name] for name in (*NUMBERS, "seconds", "document_template"))

    @property
    def endpoint(self) -> ModelEndpoint:
        """The server that is meant. Raises InvalidSetting where a number is none."""
        return ModelEndpoint(self.id, self.purpose, self.model, self.url, self.options)

    @property
    def options(self) -> EndpointOptions:
        """How it is to be asked. Raises InvalidSetting where a number is none, or a text too long."""
        for name in _TEXTS:
            if len(self[name]) > _LONGEST:
                raise InvalidSetting(name=name, value="…", expected=f"at most {_LONGEST} characters")
        width, max_tokens, batch_texts, batch_tokens, requests = (
            _whole(name, self[name]) for name in NUMBERS
        )
        return EndpointOptions(
            profile=self["profile"],
            query_template=self["query_template"],
            document_template=self["document_template"],
            width=width,
            max_tokens=max_tokens,
            batch_texts=batch_texts,
            batch_tokens=batch_tokens,
            requests=requests,
            seconds=_seconds(self["seconds"]),
            template=self["template"],
        )

    @classmethod
    def of(cls, endpoint: ModelEndpoint) -> "EndpointForm":
        """Return the form of a server that is there."""
        options = endpoint.options
        fields = {name: getattr(options, name) for name in _TEXTS}
        fields |= {name: str(getattr(options, name) or "") for name in NUMBERS}
        fields["seconds"] = f"{options.seconds:g}" if options.seconds else ""
        return cls(
            endpoint.id, endpoint.purpose, endpoint.model, endpoint.url, None, endpoint.has_key, fields
        )

    @classmethod
    def read(cls, form: Form, present: ModelEndpoint | None = None) -> "EndpointForm":
        """Return what was sent; ``present`` is the server that it is about, where there is one."""
        typed = form.word("key")
        kept = None if present and not typed and not form.ticked("forget") else typed
        fields = {name: form.word(name) for name in (*NUMBERS, "seconds", "profile", "template")}
        for name in ("query_template", "document_template"):
            fields[name] = form.text(name).replace("\r\n", "\n").strip()
        return cls(
            id=present.id if present else "",
            purpose=present.purpose if present else purpose_of(form.text("purpose")),
            model=form.word("model"),
            url=form.word("url"),
            key=kept,
            has_key=present.has_key if present else False,
            fields=fields,
        )


def purpose_of(said: str) -> Purpose:
    """Return what a server is for, as an address or a form says it."""
    return Purpose.RERANKER if said == Purpose.RERANKER.value else Purpose.EMBEDDER


def _whole(name: str, said: str) -> int:
    if not said:
        return 0
    if not (said.isascii() and said.isdecimal() and len(said) < 12):
        raise InvalidSetting(name=name, value=said[:60], expected="a whole number")
    return int(said)


def _seconds(said: str) -> float:
    try:
        return float(said) if said else 0.0
    except ValueError as error:
        raise InvalidSetting(name="seconds", value=said[:60], expected="a number") from error
