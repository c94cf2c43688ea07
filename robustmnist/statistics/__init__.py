"""Arrays in, numbers out: estimates, intervals and tests; knows no run and no torch."""
