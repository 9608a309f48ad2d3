"""
Where each value of a policy comes from: every value stands under a `src`, and every `src` names something
real.

A source is "NNN:a" or "NNN:a-b" (lines of one of the five policy documents), "nat" (the national framework)
or "fix:ID" (a resolution of a gap or contradiction in the documents).
"""

import re

from escalation.rules.reading import Block, Fault, Items, join

# How many resolutions each family has: GEN-01 to GEN-24 and so on.
RESOLUTIONS = {"GEN": 24, "WER": 19, "STR": 17, "LUN": 24, "WEL": 29, "LEE": 16}
# For each document its number of lines and a bit for every line that is not blank (bit n for line n).
DOCUMENTS: dict[str, tuple[int, int]] = {
    "000": (
        475,
        0xAAAAAAAAAAAAAAAAAAAAAAAAAAAAA2AA6B5AD6B5AD7F55555555555555555555555FAAAAAAABEAB57AAAAAFFAAABFEAAAAEAAF55555555446D50,
    ),
    "001": (
        390,
        0x555555555555555555555AD6B5AD6B5FD55555555555555AAAAAAAFAAAAAFEAD7AAAAAFED555FD55557557AAAAAAAAAAA0,
    ),
    "002": (
        512,
        0xEEBBBBAEEFDDDDDEBBBBAEEEEEEEBBBBBBAEEEF7F81FFFFFFFF1FFFEC76FFFFFFFFFFFFBFFFE7BFFFFF3FFEBF7FBFFFFFFFFFFFFFFDFFFFF7BF63FDBD2AAAAAA,
    ),
    "003": (
        449,
        0x2AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAF5556AABF557FF5FAB55557AD6B5F7AAFFF555557EAAAAFD55EBDAEAF5DFF557EAAAAAAA0,
    ),
    "004": (
        267,
        0x6B5AD6B5AD75555555555555555557D555DAEBD5557FF5557FEAAABABD555555544,
    ),
}
_IN_DOCUMENT = re.compile(r"(\d{3}):(\d{1,5})(?:-(\d{1,5}))?")
_RESOLUTION = re.compile(r"fix:([A-Z]{3})-(\d{2})")
_NEEDS_NO_SOURCE = frozenset({"schema", "kind"})


def problem_of(source: str) -> str | None:
    """Return in one clause why a source names nothing real, or None when it is sound."""
    if source == "nat":
        return None
    if match := _RESOLUTION.fullmatch(source):
        if 1 <= int(match[2]) <= RESOLUTIONS.get(match[1], 0):
            return None
        return f"{source!r} names no resolution"
    if match := _IN_DOCUMENT.fullmatch(source):
        if match[1] not in DOCUMENTS:
            return f"{source!r} names no document (they are {', '.join(DOCUMENTS)})"
        lines, written = DOCUMENTS[match[1]]
        first = int(match[2])
        last = int(match[3] or match[2])
        if first < 1 or last > lines or first > last:
            return f"{source!r} names no line of document {match[1]}, which has lines 1 to {lines}"
        if not (written >> first) & ((1 << (last - first + 1)) - 1):
            return f"{source!r} names only blank lines of document {match[1]}"
        return None
    return f'{source!r} is no source: write "000:157-159", "nat" or "fix:WER-04"'


def take_sources(block: Block) -> tuple[dict[str, tuple[str, ...]], list[Fault]]:
    """
    Take every `src` out of a block, and give them by the path of the mapping they cover, with all faults.

    A value with no `src` on any mapping around it is a fault, as is a source that names nothing.
    """
    sources: dict[str, tuple[str, ...]] = {}
    faults: list[Fault] = []
    _walk(block, "", (), sources, faults)
    return sources, faults


def _walk(
    value: object,
    path: str,
    inherited: tuple[str, ...],
    sources: dict[str, tuple[str, ...]],
    faults: list[Fault],
) -> None:
    if isinstance(value, Items):
        for position, item in enumerate(value):
            here = join(path, position)
            if isinstance(item, (Block, Items)):
                _walk(item, here, inherited, sources, faults)
            elif not inherited:
                faults.append(Fault(value.lines[position], here, "this value has no src"))
        return
    if not isinstance(value, Block):
        return
    if "src" in value:
        line = value.lines.pop("src")
        inherited = _read(value.pop("src"), join(path, "src"), line, faults)
        sources[path] = inherited
    for key, item in value.items():
        here = join(path, key)
        if isinstance(item, (Block, Items)) and item:
            _walk(item, here, inherited, sources, faults)
        elif not inherited and not (path == "" and key in _NEEDS_NO_SOURCE):
            faults.append(Fault(value.lines[key], here, "this value has no src"))


def _read(stated: object, path: str, line: int, faults: list[Fault]) -> tuple[str, ...]:
    if not isinstance(stated, list) or not stated:
        faults.append(Fault(line, path, 'a src is a list such as ["000:157", "fix:WER-02"]'))
        return ("",)
    for source in stated:
        problem = problem_of(source) if isinstance(source, str) else f"{source!r} is no source: quote it"
        if problem is not None:
            faults.append(Fault(line, path, problem))
    return tuple(source for source in stated if isinstance(source, str)) or ("",)
