"""Cutting a parsed paper into passages."""
