"""Augmentation: what happens to a training digit before it is shown."""
