"""Is it good enough? Conditions on a run, and drops since a baseline."""
