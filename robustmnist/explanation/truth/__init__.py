"""Where the cause of an answer is known: planted marks, and grids of digits."""
