"""The per-sample table that evaluation writes once and everything else is derived from.

A finished run folder holds::

    run.json                     the manifest, written last: where it is, the run is finished
    journal.jsonl                which unit of work is on disk, with its hash
    predictions/ids.npy          int64 (n,), the sample's row in its data set
    predictions/labels.npy       int64 (n,)
    predictions/clean.npy        float32 (M, n, 10), the logits of M checkpoints
    predictions/SUITE.SWEEP.npy  float32 (M, V, R, n, 10): V values, R variants
    digits.npz                   the pictures that the report shows
    realised.csv                 what every strength did to the digits, a row per value or point of a map
    summary.csv                  a row per setting

Every array is plain ``.npy`` and opens with ``numpy.load`` alone. The manifest carries the SHA-256 of every file and of
itself, so a changed bit anywhere is an error and never a number.
"""

from robustmnist.predictions.merge import merge as merge
from robustmnist.predictions.pictures import Digits as Digits
from robustmnist.predictions.pictures import Shown as Shown
from robustmnist.predictions.pictures import digits_bytes as digits_bytes
from robustmnist.predictions.realised import REALISED as REALISED
from robustmnist.predictions.realised import others as others
from robustmnist.predictions.realised import parse_realised as parse_realised
from robustmnist.predictions.realised import points as points
from robustmnist.predictions.realised import realised_csv as realised_csv
from robustmnist.predictions.run_folder import array_shapes as array_shapes
from robustmnist.predictions.run_folder import manifest_bytes as manifest_bytes
from robustmnist.predictions.run_folder import npy_header as npy_header
from robustmnist.predictions.run_folder import read_manifest as read_manifest
from robustmnist.predictions.run_folder import read_predictions as read_predictions
from robustmnist.predictions.table import Predictions as Predictions
from robustmnist.predictions.table import only_checkpoint as only_checkpoint
from robustmnist.predictions.table import only_suites as only_suites

__all__ = [
    "REALISED",
    "Digits",
    "Predictions",
    "Shown",
    "array_shapes",
    "digits_bytes",
    "manifest_bytes",
    "merge",
    "npy_header",
    "only_checkpoint",
    "only_suites",
    "others",
    "parse_realised",
    "points",
    "read_manifest",
    "read_predictions",
    "realised_csv",
]


def __dir__() -> list[str]:
    return sorted(__all__)
