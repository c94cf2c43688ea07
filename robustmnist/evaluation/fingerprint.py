"""Fingerprints of what is evaluated: of images, and of models and code as `robustmnist.system.fingerprint` has them."""

import hashlib

from robustmnist.data import Dataset
from robustmnist.system.fingerprint import code_of, hash_tensor, memory, weights_of

__all__ = ["code_of", "hash_images", "hash_tensor", "weights_of"]


def hash_images(dataset: Dataset) -> str:
    """Return `hash_tensor` of all images, computed part by part."""
    digest = hashlib.sha256(f"float32 {(len(dataset), 1, 28, 28)}\n".encode())
    for part in dataset.parts():
        digest.update(memory(part.cpu().contiguous()))
    return digest.hexdigest()
