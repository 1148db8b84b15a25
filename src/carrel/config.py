"""Settings, read once: defaults, then ``carrel.toml`` in the data folder, then ``CARREL_*``.

Standard library rather than pydantic-settings, whose import alone takes a quarter of the time that
a cold ``carrel search`` may take (ADR 0007).
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import platformdirs

from carrel.core.errors import InvalidSetting

SETTINGS_FILE = "carrel.toml"
_PREFIX = "CARREL_"
_LEAST = {
    "parse_seconds": 1,
    "parse_memory_mb": 64,
    "parse_max_pages": 1,
    "ocr_page_seconds": 1,
    "embedder_batch_tokens": 1,
    "embedder_batch_texts": 1,
    "embedder_requests": 1,
    "embedder_seconds": 0.1,
    "reranker_seconds": 0.1,
    "reranker_candidates": 1,
    "upload_max_mb": 1,
    "upload_max_files": 1,
}
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of Carrel. Each is ``CARREL_NAME`` in the environment, ``name`` in the file."""

    home: Path  # the data folder: catalog, files, index
    cache: Path  # downloaded models, shared by all data folders
    # postgresql://user:password@host/database; "" is a SQLite file in the data folder. Never shown.
    catalog_url: str = field(default="", repr=False)
    language: str = ""  # of the interface: "en", "zh", or "" for the terminal's locale
    offline: bool = False  # never use the network, not even for a model's weights
    threads: int = 0  # for models run by this machine's processor; 0 is one a core
    embedder: str = "all-MiniLM-L6-v2"  # model of new knowledge bases: embedded, a GGUF file, or as served
    embedder_url: str = ""  # base address of the server that runs it, such as http://127.0.0.1:8000/v1
    embedder_api_key: str = ""
    embedder_profile: str = ""  # how the model wants texts; "" is told by its name
    embedder_query_template: str = ""  # instead of the profile's: {instruction} and {text} stand in it
    embedder_document_template: str = ""  # instead of the profile's: {text} stands in it
    embedder_width: int = 0  # full dimensions of a model without a profile; 0 is to ask the server
    embedder_max_tokens: int = 0  # what the server reads of a text, if less than the model could
    embedder_batch_tokens: int = 16384  # at most in one request
    embedder_batch_texts: int = 32
    embedder_requests: int = 64  # in flight, at most
    embedder_seconds: float = 120.0  # deadline of one request
    embedder_patience_seconds: float = 3600.0  # how long to wait for a server that went away in the middle
    # What Chinese questions are put into English with, once it was fetched: cc-cedict or off.
    dictionary: str = "cc-cedict"
    query_instruction: str = ""  # task of a question (carrel search --task), or an instruction in own words
    rerank: bool = True  # where a reranker is set and the question does not say otherwise
    reranker: str = ""  # its model: a GGUF file, or as served; "" is none
    reranker_url: str = ""  # its server's address, such as http://127.0.0.1:8001/v1
    reranker_api_key: str = ""
    reranker_template: str = "auto"  # who writes Qwen3-Reranker's prompt: auto, carrel or server
    reranker_seconds: float = 5.0  # after so long the order stays as it was
    reranker_candidates: int = 50  # papers it looks at, at most
    reranker_budget: float = 3.0  # seconds after which it begins to read no more of them; 0: it reads all
    gateway_api_key: str = ""  # what clients of /v1/embeddings must send; needed beyond this machine
    # Encrypts endpoints' keys in the catalog; "" is secret.key in the data folder.
    secret_key: str = field(default="", repr=False)
    allowed_hosts: str = ""  # names that the server is asked by beside its addresses, with commas; "*" is any
    trusted_proxies: str = ""  # addresses in front of the server that say whom they ask for, with commas
    upload_max_mb: int = 500  # of one file
    upload_max_files: int = 1000  # in one upload
    parse_workers: int = 0  # child processes that read PDFs; 0 is one for two cores, at most 8
    parse_seconds: float = 120.0  # deadline for one file
    parse_memory_mb: int = 2048  # address space of a child process
    parse_max_pages: int = 5000
    grobid_url: str = "http://127.0.0.1:8070"  # where the parser grobid sends PDFs
    unstructured_url: str = "http://127.0.0.1:8000"  # where the parser unstructured sends PDFs
    unstructured_strategy: str = "fast"  # how it reads them: fast, auto, hi_res or ocr_only
    unstructured_api_key: str = ""  # if it asks for one
    ocr: bool = True  # read scanned pages with Tesseract, where it is installed
    ocr_languages: str = ""  # as Tesseract names them, such as "eng+chi_sim"; "" for those found, 3 at most
    ocr_page_seconds: float = 60.0  # deadline for the OCR of one page
    keep_free_mb: int = 256  # stop taking papers in when the disk has less room than this
    keep_generation_days: float = 7.0  # how long the index before a re-index is kept, to go back to
    index_engine: str = "qdrant"  # what keeps the indexes: qdrant or chroma
    chroma_url: str = ""  # its server's address, such as http://127.0.0.1:8000; "" is in this process
    chroma_token: str = ""  # sent to it as a bearer token
    index_wait_seconds: float = 10.0  # how long a command waits for another one to give up the index

    @property
    def core_count(self) -> int:
        """Processors this process may use."""
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    @property
    def model_threads(self) -> int:
        """Threads for the embedded model."""
        return self.threads or self.core_count

    @property
    def parser_count(self) -> int:
        """Child processes that read PDFs. One reads twenty times as fast as the model embeds."""
        return self.parse_workers or max(1, min(self.core_count // 2, 8))


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment and from ``carrel.toml`` in the data folder.

    Raises:
        InvalidSetting: a value or a name in the file makes no sense.
    """
    environ = os.environ if environment is None else environment
    home = _folder(environ.get("CARREL_HOME"), platformdirs.user_data_path("carrel", appauthor=False))
    cache = _folder(environ.get("CARREL_CACHE"), platformdirs.user_cache_path("carrel", appauthor=False))
    values: dict[str, object] = {}
    known = {each.name: each.type for each in fields(Settings) if each.name not in ("home", "cache")}
    for name, value in _file_values(home / SETTINGS_FILE).items():
        if name not in known:
            # Not its value: a key under a misspelt name is still a key.
            raise InvalidSetting(name=name, value="…", expected="one of " + ", ".join(sorted(known)))
        values[name] = _convert(name, value, known[name])
    for name, kind in known.items():
        if (text := environ.get(_PREFIX + name.upper())) is not None:
            values[name] = _convert(_PREFIX + name.upper(), text, kind)
    return Settings(home=home, cache=cache, **values)  # type: ignore[arg-type]  # _convert checked them


def _folder(value: str | None, default: Path) -> Path:
    return (Path(value).expanduser() if value else default).absolute()


def _file_values(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InvalidSetting(name=path, value=str(error), expected="a readable TOML file") from error


def _convert(name: str, value: object, kind: object) -> object:
    text = str(value).strip()
    if kind is bool:
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        raise InvalidSetting(name=name, value=text, expected="true or false")
    if kind in (int, float):
        try:
            number = int(text) if kind is int else float(text)
        except ValueError as error:
            raise InvalidSetting(name=name, value=text, expected="a number") from error
        least = _LEAST.get(name.removeprefix(_PREFIX).lower(), 0)
        if not least <= number < float("inf"):
            raise InvalidSetting(name=name, value=text, expected=f"a number of at least {least}")
        return number
    return text
