"""Content-addressed ids: the same content has the same id on every machine.

Paper and passage ids are 128 bits of SHA-256 written as 32 hexadecimal digits, the width of a
UUID, because vector indexes take UUIDs as point ids. At a billion passages the chance of a single
collision is about 1e-21.
"""

import os
from typing import BinaryIO, NewType

PaperId = NewType("PaperId", str)
PassageId = NewType("PassageId", str)
KnowledgeBaseId = NewType("KnowledgeBaseId", str)
JobId = NewType("JobId", str)

_ID_HEX_DIGITS = 32
_READ_BYTES = 1 << 20


def content_hash(stream: BinaryIO) -> str:
    """Return the SHA-256 of a binary stream as 64 hexadecimal digits, reading it in pieces."""
    import hashlib  # loads OpenSSL, which the processes that only read files do not need

    digest = hashlib.sha256()
    while piece := stream.read(_READ_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def paper_id(sha256: str) -> PaperId:
    """Return the id of the paper whose bytes have this SHA-256 (64 hexadecimal digits)."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError(f"not a SHA-256 in lower-case hexadecimal: {sha256!r}")
    return PaperId(sha256[:_ID_HEX_DIGITS])


def passage_id(paper: PaperId, start: int, end: int, embedded_text: str) -> PassageId:
    """Return the id of a passage: characters ``start`` to ``end`` of a paper, embedded as this text.

    Re-chunking with other settings or another title gives other ids; doing the same work twice
    gives the same ones, which is what makes ingestion idempotent.
    """
    return PassageId(fingerprint(paper, str(start), str(end), embedded_text))


def fingerprint(*parts: str) -> str:
    """Return 32 hexadecimal digits that identify this sequence of strings (order and cuts matter)."""
    import hashlib  # loads OpenSSL, which the processes that only read files do not need

    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()[:_ID_HEX_DIGITS]


def text_key(text: str) -> str:
    """Return the id of a text that is embedded: under it and its encoder's its vector is cached."""
    return fingerprint(text)


def new_knowledge_base_id() -> KnowledgeBaseId:
    """Return a fresh random id."""
    return KnowledgeBaseId(_random_id())


def new_job_id() -> JobId:
    """Return a fresh random id."""
    return JobId(_random_id())


def new_id() -> str:
    """Return a fresh random id of something else: a user, an API key, a server of models."""
    return _random_id()


def _random_id() -> str:
    """Return 128 random bits as 32 hexadecimal digits."""
    return os.urandom(_ID_HEX_DIGITS // 2).hex()
