"""The numbers about confidence that every setting has: a file for each, and their registry."""
