"""What the strokes are like: thickness, width, swellings, fractures."""
