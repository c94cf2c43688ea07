"""Digits that are made here, from known causes: printed ones from fonts, handwritten ones from stroke models."""
