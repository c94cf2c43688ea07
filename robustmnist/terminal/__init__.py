"""What a command prints: tables, progress, and the numbers of a run."""
