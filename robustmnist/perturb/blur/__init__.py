"""What smears the ink: blurs, glass, coarse pixels."""
