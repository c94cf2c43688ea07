"""Which strengths the published data set has."""

__all__ = ["DATA_SET"]

# By the sweeps' names in the suite mnist-c; modifiers go with these values as the suite's tables `along` and `fixed`
# say. Source: the functions' default severities in Mu & Gilmer's code.
DATA_SET: dict[str, float] = {
    "shot-noise": 0.5773502691896258,  # 1/√3
    "impulse-noise": 0.17,
    "glass-blur": 0.7,
    "motion-blur": 3.0,
    "shear": 0.4,
    "scale": 0.7,
    "rotate": 0.4,
    "brightness": 0.5,
    "translate": 3.0,
    "stripe": 1.0,
    "fog": 3.0,
    "spatter": 0.5,
    "dotted-line": 1.0,
    "zigzag": 1.0,
    "canny-edges": 1.0,
}
