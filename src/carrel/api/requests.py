"""What clients send to ``/v1/embeddings`` and ``/v1/rerank``, read strictly and with clear reasons."""

from collections.abc import Mapping
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from carrel.core.gateway_errors import FieldMissing, FieldUnusable, NotJson, TokensNotTexts, TooManyTexts
from carrel.core.language import tr

MAX_TEXTS = 2048  # as OpenAI has it
MAX_DOCUMENTS = 1000
_DETAIL = 120  # characters of a parser's complaint that are shown

M = TypeVar("M", bound=BaseModel)


class EmbeddingsRequest(BaseModel):
    """OpenAI's request, and ``input_type`` and ``instruction``. Fields not named here are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore")

    model: str
    input: str | list[str] | list[int] | list[list[int]] = Field(description="A text, or a list of texts.")
    encoding_format: Literal["float", "base64"] | None = Field(
        None, description="Numbers (default), or the bytes of little-endian 32-bit floats in base64."
    )
    dimensions: int | None = Field(
        None, ge=1, description="Cut vectors to the first so many dimensions, of length 1 again."
    )
    input_type: Literal["query", "document"] | None = Field(
        None,
        description="Documents are embedded as they are (default), queries as the model wants them.",
    )
    instruction: str | None = Field(
        None, description="What queries are asked for, where the model reads that."
    )

    def texts(self) -> list[str]:
        """Return the texts.

        Raises:
            RequestError: there are none, too many, an empty one, or numbers of tokens.
        """
        given = [self.input] if isinstance(self.input, str) else self.input
        texts = [text for text in given if isinstance(text, str)]
        if len(texts) < len(given):
            raise TokensNotTexts(field="input")
        return _checked("input", texts, MAX_TEXTS)


class Document(BaseModel):
    """A document as Cohere writes it. Fields not named here are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore")

    text: str


class RerankRequest(BaseModel):
    """Jina's and Cohere's request, and ``instruction``. Fields not named here are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore")

    model: str | None = None
    query: str
    documents: list[str | Document]
    top_n: int | None = Field(None, ge=1, description="Results at most; all of them by default.")
    return_documents: bool | None = Field(None, description="Give each result its document's text, too.")
    instruction: str | None = Field(None, description="What the query is asked for.")

    def question(self) -> str:
        """Return the query. Raises FieldUnusable where it is empty."""
        if not self.query.strip():
            raise FieldUnusable(field="query", expected=_expected("query"))
        return self.query

    def texts(self) -> list[str]:
        """Return the documents' texts.

        Raises:
            RequestError: there are none, too many or an empty one.
        """
        texts = [each if isinstance(each, str) else each.text for each in self.documents]
        return _checked("documents", texts, MAX_DOCUMENTS)


def read_request(kind: type[M], body: bytes) -> M:
    """Read a body.

    Raises:
        RequestError: it is no JSON object, or a field is missing or makes no sense.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        complaint = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if not complaint["loc"]:
        raise NotJson(detail=complaint["msg"][:_DETAIL])
    field = str(complaint["loc"][0])
    if complaint["type"] == "missing" and len(complaint["loc"]) == 1:
        raise FieldMissing(field=field, expected=_expected(field))
    raise FieldUnusable(field=field, expected=_expected(field))


def _checked(field: str, texts: list[str], limit: int) -> list[str]:
    if len(texts) > limit:
        raise TooManyTexts(field=field, count=len(texts), limit=limit)
    if not texts:
        raise FieldUnusable(field=field, expected=_expected(field))
    if "" in texts:
        raise FieldUnusable(field=f"{field}[{texts.index('')}]", expected=tr("a text that is not empty"))
    return texts


def _expected(field: str) -> str:
    expected: Mapping[str, str] = {
        "model": tr("the name of the model, as /v1/models lists it"),
        "input": tr("a text, or a list of texts, none of them empty"),
        "encoding_format": '"float", "base64"',
        "dimensions": tr("a whole number from 1"),
        "input_type": '"query", "document"',
        "instruction": tr("a text"),
        "query": tr("a text that is not empty"),
        "documents": tr('a list of texts, or of {{"text": …}}, none of them empty').format(),
        "top_n": tr("a whole number from 1"),
        "return_documents": tr("true or false"),
    }
    return expected[field]
