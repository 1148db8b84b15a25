"""A few vectors of the official release, to recognise a graph that computes something else.

Made with sentence-transformers in float32 on a CPU, maximal length 256, normalised.
"""

from typing import Final

REFERENCE: Final = {
    "What is the capital of China?": (
        0.0597159,
        0.0714119,
        0.0134099,
        0.0731642,
        -0.0170862,
        -0.0497397,
        0.0653479,
        -0.0206331,
    ),
    "基于Transformer的长序列建模方法有哪些?": (
        -0.1178526,
        0.0323575,
        -0.0428458,
        -0.0545857,
        0.0075559,
        -0.0180268,
        0.0217898,
        0.0823612,
    ),
    "Naïve Bayes — π≈3.14159, ﬁne-tuning, x² + y² = z².": (
        0.0220843,
        0.0578405,
        -0.0006853,
        0.0123475,
        0.0080684,
        -0.0463152,
        0.0697748,
        -0.0253884,
    ),
}
"""Text → the first eight of its 384 dimensions."""

TOLERANCE: Final = 1e-4
"""Largest difference in one dimension; float32 on other processors differs by 1e-6."""
