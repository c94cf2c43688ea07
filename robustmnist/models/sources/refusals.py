"""Model files that are not read, and the way out of each."""

from robustmnist.errors import CheckpointError

__all__ = ["KERAS_EXTRA", "ONNX_EXTRA", "REFUSALS", "SAVE_STATE", "Unreadable", "quoted", "refuse"]

SAVE_STATE = 'save its tensors alone: torch.save(model.state_dict(), "weights.pth")'
EXPORT = "export it to ONNX, or name a function that loads it: --code mine.py:load"
# Three lines to paste. What `load` returns takes NumPy images and gives a row of 10 scores for each.
FACTORY = (
    "if you trust it, let three lines of your own load it, in mine.py: "
    '"import joblib" · "def load():" · "    return joblib.load({name!r}).predict_proba", '
    "then name mine.py:load instead of the file"
)
KERAS_EXTRA = "install it: pip install h5py"
ONNX_EXTRA = "install it: pip install onnxruntime"

# Form -> what is wrong with it, and the remedy.
REFUSALS: dict[str, tuple[str, str]] = {
    "pickle": ("is a pickle, which runs code when it is loaded", FACTORY),
    "packed": ("is compressed as pickles of joblib often are; it is not opened", FACTORY),
    "skops": ("is a skops file, which names code to run when it is loaded", FACTORY.replace("joblib", "skops.io")),
    "npz": (
        "is an .npz file: arrays without a word on the network that they belong to",
        "name a function that takes its arrays and returns the network: --code mine.py:load",
    ),
    "torchscript": (
        "is a TorchScript program, not weights",
        f"{SAVE_STATE}, and name its class (--code net.py:Net), or export it to ONNX",
    ),
    "pt2": ("is an exported torch program (.pt2), which runs code when it is loaded", f"{SAVE_STATE}, or {EXPORT}"),
    "old torch": ("was saved by a torch from before 2017", "load it with torch and save its state_dict again"),
    "saved model": ("is a TensorFlow SavedModel, which is a program", 'save it as one file: model.save("model.keras")'),
    "tflite": ("is a TensorFlow Lite program", 'save the Keras model itself: model.save("model.keras"), or ONNX'),
    "folder": ("is a folder, not a model file", "name the file in it"),
    "empty": ("is empty", "save the model again"),
    "lfs": ("is a Git LFS pointer: the model itself was not downloaded", "run: git lfs pull"),
    "text": ("is text, not a model file", "name code as net.py:Net, or save the model as .keras, .pth or .onnx"),
    "unknown": (
        "is not a model file of a known form",
        "bring a Keras .h5 or .keras, a torch state dict, .safetensors or .onnx, or name code: net.py:Net",
    ),
}


class Unreadable(Exception):
    """What the readers raise: what is wrong with a file, and what to do; `read_source` adds which file.

    Args:
        what: What is wrong, in one clause.
        remedy: What the user can do about it.
    """

    def __init__(self, what: str, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def at(self, where: object) -> CheckpointError:
        """Return the error that the user gets for the file `where`."""
        return CheckpointError(self.what, where=where, remedy=self.remedy)


def refuse(form: str, name: str = "model") -> Unreadable:
    """Return what to raise for a file called `name` of the form `form`, a key of `REFUSALS`."""
    what, remedy = REFUSALS[form]
    return Unreadable(what, remedy.replace("{name!r}", repr(name)))


def quoted(text: object, limit: int = 60) -> str:
    r"""Return `text` from a file for a message: in quotes, control characters escaped, not too long.

    >>> quoted("conv\x1b[2J")
    "'conv\\x1b[2J'"
    """
    shown = str(text)
    return repr(shown if len(shown) <= limit else f"{shown[: limit - 1]}…")
