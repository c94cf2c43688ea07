"""Libraries that neither help nor the import of the package may wait for."""

HEAVY = ("torch", "torchvision", "kornia", "captum", "pandas", "matplotlib", "scipy", "sklearn", "numpy", "pydantic")
