"""Carrel: self-hosted semantic search for academic papers."""

__version__ = "0.1.0"
