"""A knowledge base: a named collection of papers with an index of its own."""

from dataclasses import dataclass

from carrel.core.calibration import Calibration
from carrel.core.domains import Domain
from carrel.core.ids import KnowledgeBaseId

DEFAULT_NAME = "library"
DEFAULT_DOMAIN = Domain.PAPERS
DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"
DEFAULT_PARSER = "pdfium"


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """Size and overlap of passages, in the model's tokens.

    The size is a wish: a passage is never longer than the model can read (DESIGN §5), and the
    overlap shrinks in proportion. The entries of the list of references are passages only where
    ``references`` is set: they have everybody's words in them.
    """

    size: int = 1024
    overlap: int = 256
    references: bool = False

    def __post_init__(self) -> None:
        if not 32 <= self.size <= 32768:
            raise ValueError(f"chunk size must lie between 32 and 32768 tokens, not {self.size}")
        if not 0 <= self.overlap <= self.size // 2:
            raise ValueError(f"chunk overlap must lie between 0 and half the size, not {self.overlap}")


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """A knowledge base and the settings that its current generation was built with.

    A generation is one complete index: changing the model, the dimensions, the chunking or the domain
    builds the next one beside it. Every index is named by (id, generation).
    """

    id: KnowledgeBaseId
    name: str
    description: str = ""
    domain: Domain = DEFAULT_DOMAIN
    embedder: str = DEFAULT_EMBEDDER
    chunking: ChunkSettings = ChunkSettings()
    generation: int = 1
    parser: str = DEFAULT_PARSER  # reads its PDFs
    papers: int = 0  # searchable papers in it
    passages: int = 0
    dimensions: int = 0  # of its vectors; 0: as many as the model gives
    created_by: str = ""  # the user's id; "": the command line
    created_at: str = ""
    paused: bool = False  # whether its jobs wait until somebody lets them go on
    calibration: Calibration | None = None  # of the generation that serves
