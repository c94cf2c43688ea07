"""How dark the ink is: tone curves and JPEG."""
