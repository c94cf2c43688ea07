"""Is it robust? Areas, critical strengths, corruption errors, endurance."""
