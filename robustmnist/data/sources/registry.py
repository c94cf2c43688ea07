"""Every source of digits, by its word. A new one is a file in this folder and a line here."""

from robustmnist.data.sources import embedded, idx_folder, mnist_c, pictures, published_mnist
from robustmnist.data.sources.source import Source

__all__ = ["SOURCES"]

SOURCES: dict[str, Source] = {
    "auto": published_mnist.AUTO,
    "mnist": published_mnist.SOURCE,
    "digits": embedded.SOURCE,
    "mnist-c": mnist_c.SOURCE,
    "idx": idx_folder.SOURCE,
    "png": pictures.SOURCE,
}
