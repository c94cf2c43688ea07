"""The page on quantisation."""
