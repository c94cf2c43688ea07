"""Weights with their card: read, written, listed."""
