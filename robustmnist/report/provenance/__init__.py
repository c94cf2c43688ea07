"""What was done? Where every number comes from."""
