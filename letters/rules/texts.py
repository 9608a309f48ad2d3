"""
What a message says, in plain text, and what a text costs.

A text is paid for in parts: 160 characters of the GSM alphabet make one, 306 two, 459 three (each of several
parts loses seven to their joining). One character outside that alphabet turns the whole text into wider
characters, of which 70, 134 and 201 fit.
"""

import re

from letters.rules.text import clean_line, clean_passage

MOST_PARTS = 3
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("^{}\\[~]|€")  # each counts as two
# Typography that would turn a text into wider characters, at more than twice the price.
_PLAIN = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "…": "...", "×": "x", "•": "-"}
)
_GREETING = re.compile(r"\A(dear|hello|hi)\b[^\n]*\n+", re.IGNORECASE)


def parts_of(text: str) -> int:
    """Return how many parts a text is paid as, 1 or more."""
    if all(character in _BASIC or character in _ESCAPED for character in text):
        length = sum(2 if character in _ESCAPED else 1 for character in text)
        single, joined = 160, 153
    else:
        length = len(text.encode("utf-16-be")) // 2
        single, joined = 70, 67
    return 1 if length <= single else -(-length // joined)


def email_body(body: str, *, school: str, phone: str) -> str:
    """Return the words of an e-mail, the school's name and number below them."""
    return f"{clean_passage(body)}\n\n{_from(school, phone, between=chr(10))}"


def subject_line(subject: str) -> str:
    """Return a subject as one line of 200 characters at most."""
    return clean_line(subject)[:200].rstrip()


def text_body(body: str, *, school: str, phone: str, forename: str = "", surname: str = "") -> str:
    """
    Return the words of a text: no greeting, no surname of the child, the school's name and number at the end.

    A text can be read on a locked screen by whoever stands beside it, so the child's surname is left out or
    cut to its first letter. What does not fit into three parts ends at a whole sentence and says that the
    school knows the rest.
    """
    said = _GREETING.sub("", clean_passage(body).translate(_PLAIN))
    said = re.sub(r"\n{2,}", "\n", said)
    said = _without_surname(said, forename.translate(_PLAIN), surname.translate(_PLAIN))
    end = _from(school.translate(_PLAIN), phone, between=" ")
    whole = f"{said}\n{end}"
    if parts_of(whole) <= MOST_PARTS:
        return whole
    rest = f"(The school can tell you the rest.)\n{end}"
    for cut in (r"(?<=[.!?])\s+", r"\s+"):
        for place in reversed([match.start() for match in re.finditer(cut, said)]):
            shortened = f"{said[:place].rstrip()} {rest}"
            if parts_of(shortened) <= MOST_PARTS:
                return shortened
    return rest


def _from(school: str, phone: str, *, between: str) -> str:
    name = clean_line(school)
    return f"{name}{between}{clean_line(phone)}" if phone.strip() else name


def _without_surname(said: str, forename: str, surname: str) -> str:
    """Leave the surname out after the forename, and cut it to its first letter where it stands alone."""
    surname = clean_line(surname)
    if not surname:
        return said
    name = rf"(?<!\w){re.escape(surname)}(?!\w)"
    if forename:
        said = re.sub(
            rf"(?<!\w)({re.escape(clean_line(forename))})\s+{name}", r"\1", said, flags=re.IGNORECASE
        )
    # A surname that is also a word or a forename (May, Rose, Grace) is told from it by its capital.
    return re.sub(name, f"{surname[0]}.", said)
