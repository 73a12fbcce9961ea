"""The style sheet: enough contrast for weak eyes, a flag for every letter, nothing from elsewhere."""

import re
import string
from importlib.resources import files

import pytest

SHEET = files("flotilla").joinpath("static/flotilla.css").read_text(encoding="utf-8")
AA = 4.5  # WCAG 2.2, success criterion 1.4.3: text against its background
# (text, background) wherever the sheet puts one on the other.
PAIRS = [
    ("ink", "paper"), ("ink", "sheet"), ("ink", "wash"), ("soft", "paper"), ("soft", "sheet"), ("soft", "wash"),
    ("sea", "paper"), ("sea", "sheet"), ("sea", "wash"), ("sea-ink", "sea"), ("buoy", "sheet"), ("buoy", "wash"),
    ("buoy", "buoy-wash"), ("sheet", "buoy"), ("deck-ink", "deck"), ("deck-soft", "deck"),
    ("lamp-ink", "lamp"), ("ink", "lamp-wash"), ("sea", "lamp-wash"),
]  # fmt: skip


def colours(scheme: str) -> dict[str, str]:
    """The custom properties of :root in one colour scheme."""
    blocks = re.findall(r":root \{(.*?)\}", SHEET, flags=re.DOTALL)
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", blocks[0 if scheme == "light" else 1]))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "background"), PAIRS)
def test_text_can_be_read_on_its_background(scheme: str, text: str, background: str) -> None:
    of = colours(scheme)
    brighter, darker = sorted((luminance(of[text]), luminance(of[background])), reverse=True)

    assert (brighter + 0.05) / (darker + 0.05) >= AA


@pytest.mark.parametrize("letter", string.ascii_lowercase + string.digits + "_")
def test_every_character_of_a_handle_has_its_flag(letter: str) -> None:
    assert re.search(rf"^\.fl-{letter}(, \.fl-\w)* \{{\s+(--|background)", SHEET, flags=re.MULTILINE)


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert "url(" not in SHEET
    assert "@import" not in SHEET
