"""The numbers of a run, gathered once for the page and the terminal, and how both name them."""
