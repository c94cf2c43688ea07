"""How a classifier answers: the same bits whatever the batch, and fast."""
