"""Every source of digits, by its word. A new one is a file in this folder and a line here."""

from robustmnist.data.generated import printed, strokes
from robustmnist.data.sources import (
    csv_file,
    embedded,
    emnist,
    idx_folder,
    mnist_c,
    npz_file,
    outliers,
    parquet_file,
    pictures,
    planted,
    published_mnist,
    qmnist,
    svhn,
    usps,
)
from robustmnist.data.sources.source import Source

__all__ = ["SOURCES"]

SOURCES: dict[str, Source] = {
    "auto": published_mnist.AUTO,
    "mnist": published_mnist.SOURCE,
    "digits": embedded.SOURCE,
    "printed": printed.SOURCE,
    "strokes": strokes.SOURCE,
    "planted": planted.SOURCE,
    "mnist-c": mnist_c.SOURCE,
    "qmnist": qmnist.SOURCE,
    "emnist-digits": emnist.SOURCE,
    "usps": usps.SOURCE,
    "svhn": svhn.SOURCE,
    "kmnist": outliers.KMNIST,
    "fashion-mnist": outliers.FASHION_MNIST,
    "idx": idx_folder.SOURCE,
    "png": pictures.SOURCE,
    "npz": npz_file.SOURCE,
    "csv": csv_file.SOURCE,
    "parquet": parquet_file.SOURCE,
}
