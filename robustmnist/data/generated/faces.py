"""The typefaces of printed digits: those that come with matplotlib, and those that the system has."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from robustmnist.page.figure import import_matplotlib

__all__ = ["FACES", "TEST_FAMILIES", "Face", "shipped_face_file", "system_faces"]


@dataclass(frozen=True)
class Face:
    """A typeface in one weight and slant.

    Attributes:
        file: The font file's name, or its path where the system has it.
        family: The typeface that its weights and slants share.
        weight: 400 is regular, 700 bold.
        slant: ``upright``, ``oblique`` (the upright form, sheared) or ``italic`` (a form of its own).
    """

    file: str
    family: str
    weight: int
    slant: str

    @property
    def name(self) -> str:
        """The face in a word: the stem of its file."""
        return Path(self.file).stem


def _dejavu(family: str, stem: str, sloped: str) -> tuple[Face, ...]:
    slant = sloped.lower()
    return (
        Face(f"{stem}.ttf", family, 400, "upright"),
        Face(f"{stem}-Bold.ttf", family, 700, "upright"),
        Face(f"{stem}-{sloped}.ttf", family, 400, slant),
        Face(f"{stem}-Bold{sloped}.ttf", family, 700, slant),
    )


# All fonts of matplotlib that have digits. Its symbol fonts have something else at the codes of 0 to 9, such as arrows
# and pieces of brackets (cmex10, cmsy10), or a box for whatever is missing (LastResortHE); cmmi10 has old-style digits.
FACES = (
    *_dejavu("DejaVu Sans", "DejaVuSans", "Oblique"),
    *_dejavu("DejaVu Sans Mono", "DejaVuSansMono", "Oblique"),
    *_dejavu("DejaVu Serif", "DejaVuSerif", "Italic"),
    Face("STIXGeneral.ttf", "STIX General", 400, "upright"),
    Face("STIXGeneralBol.ttf", "STIX General", 700, "upright"),
    Face("STIXGeneralItalic.ttf", "STIX General", 400, "italic"),
    Face("STIXGeneralBolIta.ttf", "STIX General", 700, "italic"),
    Face("cmr10.ttf", "Computer Modern Roman", 400, "upright"),
    Face("cmb10.ttf", "Computer Modern Roman", 700, "upright"),
    Face("cmti10.ttf", "Computer Modern Roman", 400, "italic"),
    Face("cmmi10.ttf", "Computer Modern Math", 400, "italic"),
    Face("cmss10.ttf", "Computer Modern Sans", 400, "upright"),
    Face("cmtt10.ttf", "Computer Modern Typewriter", 400, "upright"),
)

# Typefaces that are kept for testing: no training on printed digits sees any of their faces.
TEST_FAMILIES = ("STIX General", "Computer Modern Sans", "Computer Modern Typewriter")


def shipped_face_file(face: Face) -> Path:
    """Return where matplotlib keeps the font file of one of `FACES`."""
    return Path(import_matplotlib().get_data_path()) / "fonts" / "ttf" / face.file


def system_faces() -> Iterator[Face]:
    """Yield the faces of the TrueType and OpenType fonts that the system has, by path; many have no digits."""
    import_matplotlib()
    from matplotlib.font_manager import findSystemFonts
    from matplotlib.ft2font import FT2Font

    for path in sorted(findSystemFonts()):
        try:
            font = FT2Font(path)
        except (OSError, RuntimeError):
            continue
        style = font.style_name.lower()
        slant = next((word for word in ("oblique", "italic") if word in style), "upright")
        yield Face(path, font.family_name, 700 if "bold" in style else 400, slant)
