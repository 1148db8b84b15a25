"""Fixtures of the engines' tests."""

from tests.unit.engines.model_cache import model_cache

__all__ = ["model_cache"]
