"""The classifiers as networks: layers, and how a network is built by its name."""
