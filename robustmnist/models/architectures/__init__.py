"""The classifiers as networks: layers, and how one is built by its name."""
