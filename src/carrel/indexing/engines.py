"""Which engine keeps the indexes: the one that the settings name."""

from pathlib import Path

from carrel.core.errors import InvalidSetting
from carrel.core.ports import Indexes
from carrel.indexing.chroma_client import checked_server
from carrel.indexing.chroma_indexes import CHROMA_FOLDER, ChromaIndexes
from carrel.indexing.shards import QdrantIndexes
from carrel.indexing.sole_engine import SoleEngine

ENGINES = ("qdrant", "chroma")


def indexes_of(folder: Path, engine: str, chroma_url: str, chroma_token: str) -> Indexes:
    """Return the indexes in a folder; no engine is loaded yet.

    Raises:
        InvalidSetting: there is no such engine, or the address cannot be one.
    """
    if engine not in ENGINES:
        raise InvalidSetting(name="CARREL_INDEX_ENGINE", value=engine, expected=" or ".join(ENGINES))
    server = checked_server(chroma_url, chroma_token)
    if engine == "chroma":
        return SoleEngine(ChromaIndexes(folder, server), elsewhere=folder)
    return SoleEngine(QdrantIndexes(folder), elsewhere=folder / CHROMA_FOLDER)
