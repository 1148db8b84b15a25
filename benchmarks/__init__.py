"""Measurements. Each file prints its table by itself; ``python -m benchmarks`` prints them all."""
