"""Where the ink lies: shifts, turns, sizes, slants, poses, elastic fields."""
