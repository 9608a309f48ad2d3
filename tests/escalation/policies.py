"""Policies written for tests: the Werrington one with parts of it replaced."""

from escalation.rules.loading import shipped_text


def changed(key: str, *replacements: tuple[str, str]) -> str:
    """
    Give a shipped policy's text with some passages replaced, each of which must stand in it exactly once.
    """
    text = shipped_text(key)
    for old, new in replacements:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {key}"
        text = text.replace(old, new)
    return text
