"""Where digits come from: MNIST, the embedded digits, MNIST-C, folders."""
