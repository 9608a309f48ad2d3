"""
Small numbers stay hidden: no count of 1 to 4 pupils is shown, and none can be worked out from what is shown.

A hidden count could be had by subtracting the others from the total, so further counts are hidden until those
hidden together are 5 or more and each could still be at least three different numbers. A reader knows more
than the column: a severely absent pupil is persistently absent too, and nobody is absent who is not in the
group. The bounds say so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LARGEST_SMALL = 4
FEWEST_POSSIBILITIES = 3


@dataclass(frozen=True)
class Count:
    """One count of pupils in a column, with what a reader knows of it anyway: `least` and `most`."""

    value: int
    most: int
    least: int = 0


@dataclass(frozen=True)
class Hidden:
    """What must not be shown of a column: rows by index, and the total."""

    rows: frozenset[int] = frozenset()
    total: bool = False


def is_small(count: int) -> bool:
    """Say whether a count of pupils is too small to show; none at all may be shown."""
    return 1 <= count <= LARGEST_SMALL


def hidden_in(counts: Sequence[Count], *, hidden_already: frozenset[int] = frozenset()) -> Hidden:
    """
    Return which counts of a column to hide so that no small one can be worked out.

    `hidden_already` are rows that are hidden for another reason. The smallest others are hidden next; when
    hiding every row does not help, the total goes too.
    """
    small = frozenset(index for index, count in enumerate(counts) if is_small(count.value))
    hidden = small | hidden_already
    if is_small(sum(count.value for count in counts)):
        return Hidden(hidden, total=True)
    while hidden and not _is_safe(counts, hidden, small):
        others = [index for index in range(len(counts)) if index not in hidden]
        if not others:
            return Hidden(hidden, total=True)
        hidden |= {min(others, key=lambda index: (counts[index].value, index))}
    return Hidden(hidden)


def _is_safe(counts: Sequence[Count], hidden: frozenset[int], small: frozenset[int]) -> bool:
    """
    Say whether the hidden counts, whose sum a reader can work out, keep the small ones among them unknown.
    """
    together = sum(counts[index].value for index in hidden)
    if is_small(together):
        return False
    most = sum(counts[index].most for index in hidden)
    least = sum(counts[index].least for index in hidden)
    for index in small:
        count = counts[index]
        lowest = max(count.least, together - (most - count.most))
        highest = min(count.most, together - (least - count.least))
        if highest - lowest + 1 < FEWEST_POSSIBILITIES:
            return False
    return True
