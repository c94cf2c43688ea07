"""Model files that are not read: each is refused in one line that names the way out."""

import bz2
import gzip
import lzma
import pickle
import zlib
from pathlib import Path

import pytest
from support.model_files import dense_h5, onnx_bytes, zipped

from robustmnist.errors import CheckpointError
from robustmnist.models.sources import form, read_source


def refusal(path: Path, **options: str) -> str:
    with pytest.raises(CheckpointError) as caught:
        read_source(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "words", "way_out"),
    [
        (b"\x80\x04\x95\x10\x00.", "is a pickle", "return joblib.load('model').predict_proba"),
        (b"(lp0\nI1\na.", "is a pickle", "mine.py:load"),
        (pickle.dumps(Path("x"), 0), "is a pickle", "mine.py:load"),
        (pickle.dumps({"a": [1]}, 0), "is a pickle", "mine.py:load"),
        (pickle.dumps(b"\xff\xfe", 1), "is a pickle", "mine.py:load"),
        (gzip.compress(b"\x80\x04."), "is compressed", "mine.py:load"),
        *((zlib.compress(b"\x80\x04.", level), "is compressed", "mine.py:load") for level in (1, 3, 6, 9)),
        (bz2.compress(b"\x80\x04."), "is compressed", "mine.py:load"),
        (lzma.compress(b"\x80\x04."), "is compressed", "mine.py:load"),
        (zipped({"schema.json": b"{}", "0.npy": b""}), "skops", "skops.io.load('model')"),
        (zipped({"w.npy": b"\x93NUMPY"}), ".npz", "--code mine.py:load"),
        (
            zipped({"m/data.pkl": b"", "m/constants.pkl": b"", "m/code/net.py": b""}),
            "TorchScript",
            "model.state_dict()",
        ),
        (zipped({"m/archive_format": b"pt2", "m/models/model.json": b""}), "(.pt2)", "export it to ONNX"),
        (zipped({"readme": b""}), "not a model file of a known form", "net.py:Net"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(50), "TensorFlow Lite", 'model.save("model.keras")'),
        (b"\x08\x01\x12\x80\x01", "SavedModel", 'model.save("model.keras")'),
        (bytes(257) + b"ustar" + bytes(250), "torch from before 2017", "state_dict"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS", "git lfs pull"),
        ("import torch  # ü\n".encode(), "is text", "net.py:Net"),
        (b"", "is empty", "save the model again"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "not a model file of a known form", ".onnx"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # the bytes hold the time at which they were made
)
def test_every_form_names_its_way_out(tmp_path: Path, data: bytes, words: str, way_out: str) -> None:
    (tmp_path / "model").write_bytes(data)
    message = refusal(tmp_path / "model")
    assert message.startswith(f"{tmp_path / 'model'}: ")
    assert words in message
    assert way_out in message


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "cannot be read (No such file" in refusal(tmp_path / "none.h5")
    assert "is a folder" in refusal(tmp_path)
    (tmp_path / "saved_model.pb").touch()
    assert "SavedModel" in refusal(tmp_path)
    assert "not a regular file" in refusal(Path("/dev/zero"))


def test_a_file_beyond_the_bound_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "MAX_BYTES", 1000)
    (tmp_path / "m").write_bytes(bytes(1001))
    assert "is larger than" in refusal(tmp_path / "m")


def test_code_for_a_file_that_needs_none_is_refused(tmp_path: Path) -> None:
    import numpy as np

    for name, data in (("keras h5", dense_h5()), ("onnx", onnx_bytes(np.zeros((784, 10))))):
        (tmp_path / "m").write_bytes(data)
        assert f"is of the form {name}, which holds its own" in refusal(tmp_path / "m", code="net.py:Net")
