"""Invented names, addresses, telephone numbers and e-mail addresses."""

import unicodedata
from functools import cache
from random import Random

from demo.generation import facts

# Letters that do not fall apart into a plain letter and an accent.
PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "\u0131": "i", "ß": "ss"}
)

DOUBLE_BARRELLED_SHARE = 0.06


@cache
def _by_tradition(file: str, sex: str = "") -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for row in facts.rows(file):
        if not sex or row["sex"] == sex:
            found.setdefault(row["tradition"], []).append(row["name"])
    return {tradition: tuple(names) for tradition, names in found.items()}


def draw_tradition(rng: Random) -> str:
    """Return the naming tradition of a family, as common as in England."""
    rows = facts.rows("traditions.csv")
    weights = [int(row["per_thousand"]) for row in rows]
    return rng.choices([row["tradition"] for row in rows], weights)[0]


def keeps_eid(tradition: str) -> bool:
    """Say whether families of this naming tradition keep Eid, for the demo's purposes."""
    return any(
        row["tradition"] == tradition and row["festival"] == "eid" for row in facts.rows("traditions.csv")
    )


def draw_surname(rng: Random, tradition: str) -> str:
    """Return a surname; now and then a double-barrelled one, its second part from any tradition."""
    surname = rng.choice(_by_tradition("surnames.csv")[tradition])
    if rng.random() < DOUBLE_BARRELLED_SHARE and "-" not in surname and " " not in surname:
        other = rng.choice(_by_tradition("surnames.csv")[draw_tradition(rng)])
        if other != surname and "-" not in other and " " not in other:
            return f"{surname}-{other}"
    return surname


def draw_forename(rng: Random, tradition: str, sex: str) -> str:
    """Return a forename for a girl (F) or a boy (M)."""
    names = _by_tradition("forenames.csv", sex)
    drawn_from = tradition if rng.random() < 0.9 else "british"
    return rng.choice(names[drawn_from])


def draw_address(rng: Random) -> str:
    """Return an invented address; no postcode of the United Kingdom begins with ZZ."""
    streets, towns = _street_parts()
    number = str(rng.randrange(1, 140))
    if rng.random() < 0.08:
        number = f"Flat {rng.randrange(1, 30)}, {number}"
    outward = f"ZZ{rng.randrange(1, 21)}"
    inward = f"{rng.randrange(1, 10)}{rng.choice('ABDEFGHJLNPQRSTUWXYZ')}{rng.choice('ABDEFGHJLNPQRSTUWXYZ')}"
    return f"{number} {rng.choice(streets)}\n{rng.choice(towns)}\n{outward} {inward}"


@cache
def _street_parts() -> tuple[tuple[str, ...], tuple[str, ...]]:
    rows = facts.rows("streets.csv")
    return (
        tuple(row["text"] for row in rows if row["part"] == "street"),
        tuple(row["text"] for row in rows if row["part"] == "town"),
    )


def draw_mobile(rng: Random) -> str:
    """Return a mobile number of the range Ofcom keeps for fiction (07700 900000 to 900999)."""
    return f"07700 900{rng.randrange(1000):03d}"


def draw_landline(rng: Random) -> str:
    """Return a geographic number of the range Ofcom keeps for fiction (01632 960000 to 960999)."""
    return f"01632 960{rng.randrange(1000):03d}"


def plain(text: str) -> str:
    """Return the text in small letters a to z, digits and single hyphens, for an e-mail address."""
    apart = unicodedata.normalize("NFKD", text.translate(PLAIN_LETTERS))
    kept = "".join(
        letter for letter in apart.lower() if letter.isascii() and (letter.isalnum() or letter in " -")
    )
    return "-".join(kept.replace("-", " ").split())
