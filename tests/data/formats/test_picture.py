"""A picture file as ink: the same digit through every form that PNG and JPEG have, on clean and on scanned paper."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from support.damaged_files import TIMES, damaged, refusals

from robustmnist.data import load_dataset, to_mnist
from robustmnist.data.formats import picture
from robustmnist.data.formats.paper import ink_on_paper
from robustmnist.data.formats.picture import parse_picture, read_picture
from robustmnist.errors import DataError


def seven(size: tuple[int, int] = (120, 160), ink: int = 0, paper: int = 255, width: int = 14) -> Image.Image:
    """Return a 7 as a pen draws it, in a corner of the sheet."""
    image = Image.new("L", size, paper)
    pen = ImageDraw.Draw(image)
    pen.line([(20, 30), (70, 30), (40, 110)], fill=ink, width=width, joint="curve")
    return image


def file_of(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def ink_of(image: Image.Image, kind: str = "PNG", **options: object) -> torch.Tensor:
    return parse_picture(file_of(image, kind, **options), "seven").ink


PLAIN = ink_of(seven())


def test_a_pen_stroke_comes_out_in_mnists_form() -> None:
    page = parse_picture(file_of(seven()), "seven")
    assert page.ink.shape == (1, 28, 28)
    assert page.ink.dtype == torch.float32
    assert page.grey.shape == (160, 120)
    rows = (page.ink[0] > 0.04).nonzero()[:, 0]
    assert int(rows.max() - rows.min()) + 1 == 20
    assert float(page.ink.amax()) > 0.98
    steps = torch.arange(28.0)
    centre = [float((page.ink[0].sum(axis) * steps).sum() / page.ink.sum()) for axis in (0, 1)]
    assert all(13.5 <= value < 14.5 for value in centre)
    assert not page.blank
    assert page.said == "120 × 160 px, dark ink on light paper, inverted, brought to MNIST's form"


def test_mnist_s_form_comes_out_as_it_went_in() -> None:
    for digit in load_dataset("digits").rows(slice(0, 300, 11)):
        levels = (digit[0] * 255).round().to(torch.uint8).numpy()
        for light in (levels, 255 - levels):
            assert torch.equal(parse_picture(file_of(Image.fromarray(light)), "digit").ink, to_mnist(digit)[0])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_mode_of_png_shows_the_same_digit(mode: str) -> None:
    assert torch.equal(ink_of(seven().convert(mode)), PLAIN)


def test_sixteen_bits() -> None:
    grey = np.asarray(seven(), np.uint16) * 257
    assert torch.equal(ink_of(Image.fromarray(grey)), PLAIN)


@pytest.mark.parametrize("ink", [0, 255])
def test_ink_on_nothing(ink: int) -> None:
    image = Image.new("RGBA", (120, 160), (ink, ink, ink, 0))
    image.putalpha(seven(ink=255, paper=0))
    assert torch.equal(ink_of(image), PLAIN)
    palette = seven(ink=1, paper=0).convert("P")
    palette.putpalette([200, 10, 10, ink, ink, ink])
    assert torch.equal(ink_of(palette, transparency=0), PLAIN)


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_says_which_way_is_up(turn: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = turn
    stored = seven().transpose(undo[turn]) if turn in undo else seven()
    assert torch.equal(ink_of(stored, exif=exif), PLAIN)
    assert float((ink_of(stored, "JPEG", quality=95, exif=exif) - PLAIN).abs().mean()) < 0.02


@pytest.mark.parametrize("quality", [20, 50, 95])
def test_jpeg_reads_much_the_same(quality: int) -> None:
    assert float((ink_of(seven(), "JPEG", quality=quality) - PLAIN).abs().mean()) < 0.03


def test_scanned_paper_is_cleaned() -> None:
    """Shade from a lamp, grain, dust and a dark edge: the digit is the one of clean paper."""
    rng = np.random.default_rng(5)
    clean = np.asarray(seven(ink=60, paper=200), np.float64)
    shade = np.linspace(-30, 30, 160)[:, None] + np.linspace(-10, 10, 120)[None]
    scan = clean + shade + rng.normal(0, 4, clean.shape)
    scan[130:132, 100:102] = 60  # dust
    scan[:, 117:] = 40  # the lid of the scanner
    page = parse_picture(file_of(Image.fromarray(scan.clip(0, 255).astype(np.uint8))), "scan")
    assert page.page.dark
    assert page.page.specks >= 2
    assert 3 / 255 < page.page.noise < 6 / 255
    assert float((page.ink - PLAIN).abs().mean()) < 0.03
    assert "left out" in page.said


def test_the_ink_of_even_paper_keeps_every_value() -> None:
    grey = torch.from_numpy(np.asarray(seven(), np.float64) / 255)
    page = ink_on_paper(grey)
    assert torch.equal(page.ink, 1 - grey)
    assert (page.dark, page.noise, page.specks) == (True, 0.0, 0)


def test_large_pictures_are_reduced() -> None:
    large = seven().resize((2400, 3200), Image.Resampling.BICUBIC)
    for kind in ("PNG", "JPEG"):
        page = parse_picture(file_of(large, kind), "large")
        assert max(page.grey.shape) <= picture.LONGEST
        assert float((page.ink - PLAIN).abs().mean()) < 0.03


def test_blank_paper() -> None:
    page = parse_picture(file_of(Image.new("L", (50, 50), 255)), "blank")
    assert page.blank
    assert parse_picture(file_of(Image.new("L", (1, 1), 9)), "dot").blank


def bomb(width: int, height: int) -> bytes:
    """Return the beginning of a PNG that claims to be very large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty; give a PNG or JPEG file of a digit"),
        (b"GIF89a", "is neither PNG nor JPEG"),
        (b"\x89PNG\r\n\x1a\n", "is a damaged picture"),
        (file_of(seven())[:-200], "is a damaged picture"),
        (file_of(seven(), "GIF"), "is neither PNG nor JPEG"),
        (bomb(8000, 8000), "has 8,000 × 8,000 pixels, more than 50 million; make it smaller"),
        (bomb(2**31 - 1, 2**31 - 1), "is a damaged picture"),
        (bomb(0, 5), "is a damaged picture"),
        (bomb(500, 500), "is a damaged picture"),
    ],
    ids=["empty", "gif", "head", "cut", "whole gif", "large", "bomb", "no size", "no pixels"],
)
def test_what_is_no_picture_is_refused_in_a_line(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "digit.png"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_picture(path)
    assert str(caught.value).startswith(f"{path}: {words}")
    assert "\n" not in str(caught.value)


def test_odd_paths(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.png", "a\0b.png"):
        with pytest.raises(DataError, match=r"is a folder|cannot be read"):
            read_picture(path)


def test_damaged_pictures_are_refused_or_read() -> None:
    """One clear line or a digit, and nothing else."""
    small = seven().resize((30, 40))
    whole = [file_of(small), file_of(small, "JPEG"), file_of(small.convert("P")), file_of(small.convert("RGBA"))]

    def read(data: bytes) -> None:
        ink = parse_picture(data, "odd").ink
        assert ink.shape == (1, 28, 28)
        assert bool(torch.isfinite(ink).all())

    messages = refusals(read, damaged(whole, 400))
    assert 100 < len(messages) < 400 * TIMES
    assert not [message for message in messages if "\n" in message]
