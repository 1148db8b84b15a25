"""Every error Carrel raises on purpose, in one tree.

    CarrelError
    ├── UsageError            exit 2: the request cannot be carried out as it was put
    │   ├── EmptyQuery · InvalidFilter · InvalidSetting
    │   ├── PathMissing · NoPapersInFolder
    │   ├── KnowledgeBaseMissing · KnowledgeBaseExists · PaperMissing · AmbiguousPaperId
    │   ├── PaperIdTooShort · ModelUnknown · ParserUnknown · ParserNotInstalled
    │   ├── DataFolderTooNew · DataFolderNotWritable · SpaceMismatch
    │   └── in ``page_errors``: PageMissing · FileNotWritable · FileNotReadable; in ``query_errors``:
    │       TooManyConditions
    ├── PaperError            exit 1: this file cannot become a paper; the others go on
    │   ├── EmptyFile · NotAPdf · DamagedPdf · EncryptedPdf · NoTextLayer · FileUnreadable
    │   ├── ParseTimeout · ParseMemoryExceeded · ParserCrashed · TooManyPages
    │   │   · ParsingServiceRefused · RemovedMeanwhile · UnforeseenFault
    │   ├── in ``file_errors``: UnsupportedFormat (CodeElsewhere) · NotText · DamagedDocument · FileTooLarge
    │   │   · NoTextInside · GarbledText · WrongPassword
    │   └── in ``page_errors``: UnreadableText (UnreadableAfterOcr · UnreadableHere); in ``scan_errors``:
    │       OcrFailed · NoText · ParseOutputExceeded · ScanHere (a NoTextLayer)
    ├── StorageFull           exit 1: retry when there is room; what was accepted is kept
    ├── ServiceError          exit 3: something Carrel needs cannot be reached
    │   ├── IndexBusy · IndexDamaged · IndexIncomplete · CatalogBusy · ModelUnavailable · ModelCorrupt
    │   └── ParserUnavailable · ParsingServiceUnavailable
    ├── of models and their servers, all three kinds: the tree in ``engine_errors``
    ├── of re-indexing, all three kinds: the tree in ``rebuild_errors``
    ├── of a catalog on PostgreSQL, all three kinds: the tree in ``catalog_errors``
    ├── of ``carrel serve``, UsageErrors: the trees in ``gateway_errors`` and ``account_errors``
    ├── of backups, UsageErrors: the tree in ``backup_errors``
    ├── of corrections, UsageErrors: the tree in ``bibliography_errors``
    ├── of judgments and records, UsageErrors: the trees in ``judgment_errors`` and ``record_errors``
    ├── of measuring how well searching works, UsageErrors: the tree in ``evaluation_errors``
    ├── of a second index engine: the tree in ``index_errors``
    └── CatalogDamaged        exit 3: the catalog cannot be read

Each error says what happened and to what (``message``) and what to do next (``hint``); has a
``kind``, stable for programs; and knows whether trying again can help (``retryable``). Messages are
templates, so that they can be shown in the reader's language; parameters are plain strings.
"""

from carrel.core.error_base import CarrelError as CarrelError  # noqa: PLC0414 - the tree's root


class UsageError(CarrelError):
    """The request cannot be carried out as it was put."""

    exit_code = 2


class EmptyQuery(UsageError):
    """Nothing to search for."""

    template = "The query is empty."
    hint_template = 'Type a question or a few words, for example: carrel search "sparse attention".'


class InvalidFilter(UsageError):
    """A filter could not be read. Parameters: name, value, expected."""

    template = "The filter {name} cannot be read from {value!r}."
    hint_template = "Write it as {expected}."


class InvalidSetting(UsageError):
    """A setting could not be read. Parameters: name, value, expected."""

    template = "The setting {name} cannot be {value!r}."
    hint_template = "Expected: {expected}."


class PathMissing(UsageError):
    """A named path does not exist. Parameter: path."""

    template = "There is nothing at {path}."
    hint_template = "Check the spelling and that the disk is mounted."


class NoPapersInFolder(UsageError):
    """A named folder holds no file that can be read. Parameter: path."""

    template = "There is no paper that can be read (PDF, DOCX, HTML, Markdown, text) in the folder {path}."
    hint_template = "Name another folder, or use --recursive to look into its subfolders."


class KnowledgeBaseMissing(UsageError):
    """No knowledge base of that name. Parameter: name."""

    template = "There is no knowledge base named {name!r}."
    hint_template = "See the existing ones with: carrel kb list."


class KnowledgeBaseExists(UsageError):
    """The name is taken. Parameter: name."""

    template = "A knowledge base named {name!r} already exists."
    hint_template = "Choose another name, or add papers to it with: carrel add PATH --kb NAME."


class PaperMissing(UsageError):
    """No paper of that id. Parameter: id."""

    template = "There is no paper with the id {id!r}."
    hint_template = "See the ids with: carrel list."


class PaperIdTooShort(UsageError):
    """The beginning of an id is too short to be meant. Parameters: id, digits."""

    template = "The id {id!r} is too short."
    hint_template = "Give at least its first {digits} digits; carrel list shows them."


class AmbiguousPaperId(UsageError):
    """The beginning of an id fits several papers. Parameters: id, count."""

    template = "The id {id!r} is the beginning of {count} papers' ids."
    hint_template = "Give more of its digits; carrel list shows them."


class ModelUnknown(UsageError):
    """No such model. Parameters: model, known."""

    template = "The model {model!r} is not known."
    hint_template = "Known models: {known}."


class ParserUnknown(UsageError):
    """No such parser. Parameters: parser, known."""

    template = "The parser {parser!r} is not known."
    hint_template = "Known parsers: {known}."


class ParserNotInstalled(UsageError):
    """A parser whose package is an optional extra. Parameters: parser, extra."""

    template = "The parser {parser} is not installed."
    hint_template = "Install what it needs with: pip install 'carrel[{extra}]'."


class DataFolderTooNew(UsageError):
    """A newer Carrel wrote the data folder. Parameters: folder, revision."""

    template = "The data folder {folder} was written by a newer version of Carrel (schema {revision})."
    hint_template = "Upgrade Carrel, or point CARREL_HOME at another folder. Nothing was changed."


class DataFolderNotWritable(UsageError):
    """The data folder is read-only. Parameter: folder."""

    template = "The data folder {folder} cannot be written to."
    hint_template = "Make it writable for your user, or point CARREL_HOME at another folder."


class SpaceMismatch(UsageError):
    """Vectors of two spaces would be mixed. Parameters: index, expected, found."""

    template = "The index of {index} holds vectors of another space ({found}, not {expected})."
    hint_template = (
        "Go back to the model it was built with, or rebuild it with the present one: "
        "carrel reindex --kb {index}."
    )


class PaperError(CarrelError):
    """This file cannot become a paper; the others go on. Parameter of all: name."""


class EmptyFile(PaperError):
    """Zero bytes."""

    template = "{name} is empty (0 bytes)."
    hint_template = "The download or copy probably broke off: fetch the file again."


class NotAPdf(PaperError):
    """Something else under a PDF's name."""

    template = "{name} is not a PDF: its content does not begin with %PDF."
    hint_template = "Open it to see what it is; a web page saved under a PDF's name is common."


class DamagedPdf(PaperError):
    """A PDF that cannot be opened. Parameter: detail."""

    template = "{name} is a damaged or truncated PDF ({detail})."
    hint_template = "Fetch the file again, or repair it, for example with: qpdf BROKEN.pdf REPAIRED.pdf."


class EncryptedPdf(PaperError):
    """A PDF that needs a password."""

    template = "{name} is encrypted and needs a password."
    hint_template = "Add it again with its password: carrel add --password TEXT FILE."


class NoTextLayer(PaperError):
    """Pages that are images, and nothing to read them with. Parameter: pages."""

    template = "{name} has no text layer ({pages} pages of images): it needs OCR."
    hint_template = (
        "Install Tesseract (tesseract-ocr, and tesseract-ocr-chi-sim for Chinese; CARREL_OCR must be on) and "
        "add the file again, or add a text layer, for example with: ocrmypdf IN.pdf OUT.pdf."
    )


class FileUnreadable(PaperError):
    """The operating system refused. Parameter: detail."""

    template = "{name} cannot be read ({detail})."
    hint_template = "Check the file's permissions and that its disk is well."


class TooManyPages(PaperError):
    """More pages than the limit. Parameters: pages, limit."""

    template = "{name} has {pages} pages, more than the limit of {limit}."
    hint_template = "Split the file, or raise CARREL_PARSE_MAX_PAGES."


class ParseTimeout(PaperError):
    """The parser passed its deadline. Parameter: seconds."""

    template = "{name} could not be read within {seconds} seconds."
    hint_template = "Raise CARREL_PARSE_SECONDS, or print the file to a new PDF."


class ParseMemoryExceeded(PaperError):
    """The parser passed its memory limit. Parameter: megabytes."""

    template = "{name} needs more than {megabytes} MB of memory to read."
    hint_template = "Raise CARREL_PARSE_MEMORY_MB, or split the file."


class ParsingServiceRefused(PaperError):
    """A parsing service could not read this file. Parameters: service, detail."""

    template = "{name} could not be read by {service} ({detail})."
    hint_template = "Add it to a knowledge base with another parser: carrel kb create NEW --parser pdfium."


class RemovedMeanwhile(PaperError):
    """Somebody removed the paper, or its knowledge base, while it was being added."""

    template = "{name} was removed while it was being added."
    hint_template = "Add it again if that was not meant."


class UnforeseenFault(PaperError):
    """A fault of ours that this file brings out. Parameter: detail."""

    template = "{name} met a fault in Carrel ({detail})."
    hint_template = "Please report it with this line; the other files go on."


class ParserCrashed(PaperError):
    """The parsing process died. Parameter: detail."""

    template = "{name} crashed the process that reads it ({detail})."
    hint_template = (
        "The file is damaged in a way the reader cannot survive; open it in another program and save it "
        "anew, or print it to a new PDF."
    )


class StorageFull(CarrelError):
    """No room on the disk. Parameters: folder, free_mb, needed_mb."""

    template = "The disk of {folder} is full ({free_mb} MB free, {needed_mb} MB wanted)."
    hint_template = "Make room and run the same command again; what was accepted is kept."
    retryable = True


class ServiceError(CarrelError):
    """Something Carrel needs cannot be reached."""

    exit_code = 3
    retryable = True


class IndexBusy(ServiceError):
    """Another process owns the index. Parameters: folder, holder."""

    template = "The index in {folder} is in use by {holder}."
    hint_template = "Try again when it has finished."


class CatalogBusy(ServiceError):
    """Another process has kept the catalog locked for longer than anyone should. Parameter: path."""

    template = "The catalog {path} is locked by another process."
    hint_template = "Try again when it has finished."


class IndexDamaged(ServiceError):
    """The index of a knowledge base cannot be opened. Parameters: index, folder, detail."""

    template = "The index of {index} cannot be opened ({detail})."
    hint_template = "Delete the folder {folder} and run carrel add on any file: the index is made anew."
    retryable = False


class IndexIncomplete(ServiceError):
    """An index lacks what the catalog holds. Parameter: index."""

    template = "The index of {index} is incomplete: some of its papers would not be found."
    hint_template = "Run carrel add on any file: what is missing is made anew from the catalog."
    retryable = False


class ModelUnavailable(ServiceError):
    """Weights are not on this machine and could not be fetched. Parameters: model, detail, ways."""

    template = "The model {model} is not on this machine and could not be fetched ({detail})."
    hint_template = "Supply it in one of these ways: {ways}"


class ModelCorrupt(ServiceError):
    """A weights file is not the official release. Parameters: path, expected, found."""

    template = "{path} is not the official release (SHA-256 {found}, expected {expected})."
    hint_template = "Delete the file and run: carrel models pull."
    retryable = False


class ParserUnavailable(ServiceError):
    """No process to read files in could be started. Parameter: detail."""

    template = "The process that reads files could not be started ({detail})."
    hint_template = "Check CARREL_PARSE_MEMORY_MB and the memory of this machine; nothing was lost."


class ParsingServiceUnavailable(ServiceError):
    """A parsing service cannot be reached or used. Parameters: service, url, detail, start, setting."""

    template = "{service} cannot be used at {url} ({detail})."
    hint_template = "Start it, for example with: {start}; or set {setting}. The papers stay queued."


class CatalogDamaged(ServiceError):
    """The catalog cannot be opened. Parameters: path, detail."""

    template = "The catalog {path} cannot be read ({detail})."
    hint_template = "Restore it from a backup, or move the data folder away and add the papers again."
    retryable = False
