"""Which checkpoint is better? Every pair in words, figures and tables; seeds of a recipe."""
