"""What a data set is like, and whether it is what it is taken for: one page about it, and checks before measuring."""
