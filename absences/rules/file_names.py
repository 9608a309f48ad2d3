"""What is shown of the name that a file was sent under."""

import re
import unicodedata

LONGEST = 80
_NOT_SHOWN = re.compile(r'[<>:"|?*`$&;{}\[\]%#~^\'=\\]+')
# Names that Windows keeps for devices, whatever follows the dot.
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
ENDINGS = {"image/jpeg": "jpg", "application/pdf": "pdf"}


def display_name(sent: str, kind: str) -> str:
    """
    Return the name that a file is shown and downloaded under.

    Only the last part of a path is taken, without control characters, marks that turn the direction of
    writing, and what shells and file systems read as orders; shortened; with the ending of what the file is.
    """
    last = re.split(r"[/\\]", sent)[-1]
    plain = "".join(
        " " if unicodedata.category(letter) in {"Zs", "Zl", "Zp", "Cc"} else letter
        for letter in unicodedata.normalize("NFC", last)
        if unicodedata.category(letter) not in {"Cf", "Cs", "Co", "Cn"}
    )
    stem = _ENDING.sub("", " ".join(_NOT_SHOWN.sub(" ", plain).split()))
    stem = " ".join(stem.split()).strip(" .-_")[:LONGEST].strip(" .-_")
    if not stem or _RESERVED.fullmatch(stem.split(".")[0].strip()):
        stem = f"file {stem}".strip()
    return f"{stem}.{ENDINGS[kind]}"
