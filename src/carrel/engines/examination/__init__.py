"""The examination of an embedding server: what ``carrel doctor --embedder`` asks it."""
