"""What a parent may quote: short, and nothing in it that looks like something else."""

from collections.abc import Callable, Sequence

# Without 0 and O, 1 and I (and L), 5 and S, 8 and B, and without vowels: nobody reads a word into it.
ALPHABET = "2346789CDFGHJKMNPQRTVWXYZ"
LENGTH = 6


def new_reference(choose: Callable[[Sequence[str]], str]) -> str:
    """Return a reference such as "K7M-2QX"; `choose` picks one of some signs (`secrets.choice`)."""
    signs = [choose(ALPHABET) for _ in range(LENGTH)]
    return f"{''.join(signs[:3])}-{''.join(signs[3:])}"
