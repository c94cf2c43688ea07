"""Numbers and characters as text that may be printed; knows no run."""
