"""``python -m reports.drawing``: README's picture of the page to draw on, light and dark; needs Chromium.

The page is that of ``robustmnist draw`` with a seven on it, drawn off the centre, which is kept as a picture too:
``seven.png``, an example for ``robustmnist predict``.
"""

import base64
import io
import sys
import tempfile
from pathlib import Path

from reports.browser import CHROMIUM, opened
from robustmnist.data import load_dataset
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.sketchpad.page import render_page
from robustmnist.system.files import write_atomic

HERE = Path(__file__).parent
CHECKPOINTS = ("fc", "cnn")
STROKES = "66,52,100,50,140,50,176,52,164,84,150,118,138,152,130,196;104,122,138,120,172,118"
WIDTH = 1240  # CSS px
# What "Picture (PNG)" on the page saves.
KEPT = "paintWhiteOnBlack(byId('pad-copy'), ink.levels), byId('pad-copy').toDataURL('image/png').split(',')[1]"
COLOURS = 96  # of the palette: text stays clean, and a picture takes a third


def main() -> None:
    """Write both pictures."""
    if CHROMIUM is None:
        sys.exit("the pictures need Chromium")
    html = render_page({name: load_checkpoint(name) for name in CHECKPOINTS}, load_dataset("auto"))
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as page:
        file, shot = Path(folder) / "digit.html", Path(folder) / "shot.png"
        file.write_text(html, encoding="utf-8")
        page.size(WIDTH, 900)
        page.go(f"{file.as_uri()}#draw={STROKES}")
        page.until("document.querySelectorAll('.row.known').length === 6")
        bottom = page.run("document.querySelector('#limits').getBoundingClientRect().bottom")
        for name, dark in {"drawing.png": False, "drawing-dark.png": True}.items():
            page.size(WIDTH, int(bottom) + 16, dark=dark)
            page.shot(shot, whole=False)
            write_atomic(HERE / name, _reduced(shot.read_bytes(), COLOURS))
        write_atomic(HERE / "seven.png", base64.b64decode(page.run(KEPT)))


def _reduced(picture: bytes, colours: int) -> bytes:
    """Return a PNG with a palette, which takes a third of the bytes."""
    from PIL import Image

    file = io.BytesIO()
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(colours, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


if __name__ == "__main__":
    main()
