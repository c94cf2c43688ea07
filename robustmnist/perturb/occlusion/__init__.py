"""What covers the ink: patches, stripes, lines."""
