"""Seeded streams of chance, one for each part of the demo."""

from random import Random


def stream(seed: int, *labels: object) -> Random:
    """
    Return a source of random numbers that depends on the seed and the labels only.

    Each part of the demo draws from a stream of its own, so that one more draw in one part (a name, say)
    does not change every mark drawn after it.
    """
    return Random(":".join(str(part) for part in (seed, *labels)))
