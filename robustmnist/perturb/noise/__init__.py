"""What lies over the ink: noise of pixels, of shots, in bands."""
