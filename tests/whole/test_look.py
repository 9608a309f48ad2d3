"""The palette and the vendored library: contrast, size and freedom from somebody else's branding."""

import gzip
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "static"
LIBRARY = STATIC / "vendor" / "govuk-frontend"

# Text on its ground: at least 4.5 to 1 (WCAG 2.2, 1.4.3).
TEXT_PAIRS = [
    ("ink", "paper"),
    ("ink", "wash"),
    ("quiet", "paper"),
    ("quiet", "wash"),
    ("action", "paper"),
    ("action", "wash"),
    ("action-strong", "paper"),
    ("on-action", "action"),
    ("on-action", "action-strong"),
    ("harm", "paper"),
    ("harm", "harm-wash"),
    ("on-harm", "harm"),
    ("on-harm", "harm-strong"),
    ("good", "paper"),
    ("good", "good-wash"),
    ("attention-text", "attention-wash"),
    ("ink", "attention-wash"),
    ("ink", "harm-wash"),
    ("authorised", "paper"),
    ("on-authorised", "authorised"),
    ("ink", "hatch"),
    ("on-focus", "focus"),
    ("on-masthead", "masthead"),
]
# A control's boundary, and a shape that carries meaning: at least 3 to 1 (1.4.11).
SHAPE_PAIRS = [
    ("control", "paper"),
    ("control", "wash"),
    ("attention", "paper"),
    ("harm", "paper"),
    ("good", "paper"),
]


def palettes() -> dict[str, dict[str, str]]:
    """Return the colours of light and dark pages as the style sheet sets them."""
    css = (STATIC / "rollcall" / "rollcall.css").read_text(encoding="utf-8")
    dark_blocks = re.findall(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}", css, re.DOTALL)
    light_css = re.sub(r"@media \(prefers-color-scheme: dark\) \{.*?\n\}", "", css, flags=re.DOTALL)
    colour = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
    light = dict(colour.findall(light_css))
    return {"light": light, "dark": light | dict(colour.findall(" ".join(dark_blocks)))}


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour such as #17233a (WCAG 2.2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


class TestPalette:
    """The colours of rollcall.css, light and dark."""

    def test_is_the_palette_that_was_decided(self) -> None:
        light = palettes()["light"]

        decided = {
            "ink": "#17233a",
            "paper": "#ffffff",
            "wash": "#f4f6f8",
            "line": "#c9d1d9",
            "action": "#0b6e69",
            "harm": "#a3123f",
            "good": "#1e6b3a",
            "authorised": "#1f4e8c",
            "attention": "#b25e00",
        }
        assert {name: light[name] for name in decided} == decided

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
    def test_lets_text_be_read(self, scheme: str, text: str, ground: str) -> None:
        colours = palettes()[scheme]

        assert contrast(colours[text], colours[ground]) >= 4.5

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize(("shape", "ground"), SHAPE_PAIRS)
    def test_lets_shapes_be_seen(self, scheme: str, shape: str, ground: str) -> None:
        colours = palettes()[scheme]

        assert contrast(colours[shape], colours[ground]) >= 3


OWN = STATIC / "rollcall"


class TestLibrary:
    """The built files of govuk-frontend."""

    @pytest.mark.parametrize("name", ["govuk-frontend.min.css", "govuk-frontend.min.js"])
    def test_carries_no_branding_of_the_government(self, name: str) -> None:
        text = (LIBRARY / name).read_text(encoding="utf-8").lower()

        assert [
            word for word in ("gds transport", "crest", "crown", "#1d70b8", "logotype") if word in text
        ] == []

    def test_ships_its_licence(self) -> None:
        assert "MIT License" in (LIBRARY / "LICENSE.txt").read_text(encoding="utf-8")

    def test_stays_small(self) -> None:
        own = {sheet.name: len(gzip.compress(sheet.read_bytes(), 9)) for sheet in OWN.glob("*.css")}
        library = len(gzip.compress((LIBRARY / "govuk-frontend.min.css").read_bytes(), 9))
        # Every page loads the library and these four; a page of an area loads one or two sheets more.
        everywhere = library + sum(
            own.pop(name) for name in ("rollcall.css", "parts.css", "tables.css", "marks.css")
        )

        assert everywhere + sum(sorted(own.values())[-2:]) < 25_000
