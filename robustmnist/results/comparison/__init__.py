"""Which checkpoint is better? Pairs, disagreements, seeds of a recipe."""
