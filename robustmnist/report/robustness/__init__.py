"""Is it robust? The headline, curves, critical strengths."""
