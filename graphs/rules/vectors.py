"""Meaning as a direction: how near texts are to each other by what an embedding model makes of them."""

import math
import struct
from collections.abc import Mapping, Sequence
from operator import mul

WORDS, MEANING = 0.6, 0.4
"""Weights of what words say and of what meaning says. Ranks instead of scores were measured to be worse than words alone."""

Vector = bytes
"""Little-endian 32-bit floats of unit length; b"" for a text that has no meaning to compare."""


def packed(numbers: Sequence[float]) -> Vector:
    """Raises `ValueError` for what has no direction."""
    length = math.sqrt(sum(map(mul, numbers, numbers)))
    if not math.isfinite(length) or length == 0.0:
        raise ValueError("no direction")
    return struct.pack(f"<{len(numbers)}f", *(number / length for number in numbers))


def likeness(one: Vector, other: Vector) -> float | None:
    """The cosine, from -1 to 1; None where the two cannot be compared."""
    if not one or len(one) != len(other):
        return None
    shape = f"<{len(one) // 4}f"
    return float(sum(map(mul, struct.unpack(shape, one), struct.unpack(shape, other))))


def fused(found: Sequence[tuple[int, float]], alike: Mapping[int, float]) -> list[tuple[int, float]]:
    """`found` (row, score by words), best first by both, with scores from 0 to 1. A row whose meaning is not known yet counts by
    its words."""
    words = _spread(dict(found))
    meanings = _spread({row: alike[row] for row, _ in found if row in alike})
    scored = [(row, WORDS * words[row] + MEANING * meanings.get(row, words[row])) for row, _ in found]
    return sorted(scored, key=lambda one: -one[1])  # what is the same stays in the order of words


def _spread(scores: Mapping[int, float]) -> dict[int, float]:
    """From 0, the least of them, to 1, the greatest."""
    if not scores:
        return {}
    least, most = min(scores.values()), max(scores.values())
    return {row: (score - least) / (most - least) if most > least else 1.0 for row, score in scores.items()}
