"""Telling whether somebody else changed what a person has on the screen."""

import hashlib
import json
from collections.abc import Mapping


def fingerprint(values: Mapping[str, object]) -> str:
    """
    Return a short text that is the same whenever the values are.

    A form carries it, so that a save can tell whether what stands now is still what the person read; unlike a
    counter it also notices changes by imports and other pages.
    """
    text = json.dumps({name: str(value) for name, value in values.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
