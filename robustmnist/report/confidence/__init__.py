"""Can its confidence be trusted? Scores, reliability, risk against coverage."""
