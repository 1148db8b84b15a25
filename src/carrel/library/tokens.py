"""Tokens: random texts that are given out once and kept only as hashes."""

import hashlib
import secrets
import string

KEY_PREFIX = "carrel_"

_TOKEN_BYTES = 32
_BASE62 = string.digits + string.ascii_letters
_KEY_LETTERS = 43  # as many as 32 bytes take in base 62


def new_token() -> str:
    """Return 256 random bits in base64, for cookies and headers."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def new_api_key() -> str:
    """Return a secret for programs: a prefix that scanners recognise, and 256 random bits in base 62."""
    return KEY_PREFIX + "".join(secrets.choice(_BASE62) for _ in range(_KEY_LETTERS))


def digest(*parts: str) -> str:
    """Return the SHA-256 of a token, 64 hexadecimal digits; of several texts together, cuts counting.

    No salt and no cost: a token cannot be guessed.
    """
    content = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()
