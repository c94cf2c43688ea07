"""Small Keras models, and what Keras itself answers: run once, in an environment of its own (README.md says how)."""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).parent


def paddings() -> keras.Model:
    """Convolutions and poolings whose padding is lopsided, with groups, dilation and depth."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 3, strides=2, padding="same", activation="relu"),
            layers.DepthwiseConv2D(4, depth_multiplier=2, padding="same", activation="leaky_relu"),
            layers.MaxPooling2D(3, 2, padding="same"),
            layers.SeparableConv2D(8, 3, padding="same", activation="silu"),
            layers.AveragePooling2D(2, padding="same"),
            layers.Conv2D(8, (2, 3), padding="same", dilation_rate=2, groups=2, activation="tanh"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def norms() -> keras.Model:
    """A scale in the file, norms with and without their parts, frames, a dense layer over the channels of maps."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(2.0, offset=-1.0),
            layers.RandomTranslation(0.1, 0.1),
            layers.ZeroPadding2D(((1, 0), (0, 2))),
            layers.Conv2D(3, 5, strides=4, use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.2),
            layers.Cropping2D(((0, 1), (1, 0))),
            layers.Dense(4, activation="elu"),
            layers.Flatten(),
            layers.Dense(8, activation=layers.ReLU(max_value=6.0)),
            layers.BatchNormalization(scale=False),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def functional() -> keras.Model:
    """A Functional model that is a chain, of 784 numbers, with the statistics of its input in it."""
    image = keras.Input((784,))
    values = layers.Reshape((28, 28, 1))(image)
    norm = layers.Normalization(axis=-1)
    norm.adapt(np.array([0.0, 0.2, 0.9])[:, None])
    values = norm(values)
    values = layers.Conv2D(5, 5, activation=None)(values)
    values = layers.PReLU(shared_axes=[1, 2])(values)
    values = layers.MaxPooling2D(2)(values)
    values = layers.Conv2D(7, 3, strides=2, activation="gelu")(values)
    values = layers.ELU()(values)
    values = layers.GlobalAveragePooling2D()(values)
    values = layers.Dense(9, activation="sigmoid")(values)
    values = layers.Activation("softsign")(values)
    values = layers.Dense(10)(values)
    return keras.Model(image, layers.Softmax()(values))


MODELS = {"paddings.keras": paddings, "norms.h5": norms, "functional.keras": functional}


def spread(model: keras.Model, seed: int) -> None:
    """Give all weights values that tell them apart, norms' statistics and biases too."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if not isinstance(layer, layers.Normalization):
            layer.set_weights([values(rng, weight.shape) for weight in layer.get_weights()])


def values(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return values that keep what goes through a layer at its size: 0.5 to 1.5, or the scale of its inputs."""
    return rng.uniform(0.5, 1.5, shape) if len(shape) == 1 else rng.normal(0, 2 / np.prod(shape[:-1]) ** 0.5, shape)


def main() -> None:
    """Write the small models, and ``predictions.json`` for them and for the files named as arguments."""
    images = np.random.default_rng(0).random((10, 7, 7), np.float32).repeat(4, 1).repeat(4, 2) ** 3
    answers = {"keras": keras.__version__, "small": {}, "shared": {}}
    for seed, (name, build) in enumerate(MODELS.items()):
        model = build()
        spread(model, seed)
        model.save(HERE / name)
        answers["small"][name] = predict(model, images)
    if len(sys.argv) > 1:  # MNIST's test images, then model files
        digits = np.frombuffer(Path(sys.argv[1]).read_bytes(), np.uint8, 7840, 16).reshape(10, 28, 28) / np.float32(255)
        for file in map(Path, sys.argv[2:]):
            answers["shared"][file.name] = predict(keras.models.load_model(file, compile=False), digits)
    (HERE / "predictions.json").write_text(json.dumps(answers, indent=0) + "\n")


def predict(model: keras.Model, images: np.ndarray) -> list[list[float]]:
    """Return Keras' probabilities of ten images."""
    answers = model.predict(images.reshape(10, *model.input_shape[1:]), verbose=0)
    return [[float(f"{value:.8g}") for value in row] for row in answers]


main()
