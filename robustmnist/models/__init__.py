"""Classifiers: architectures, how they answer, and checkpoints."""
