"""Maps over a sweep: how long an explanation lasts, beside how long the prediction does."""
