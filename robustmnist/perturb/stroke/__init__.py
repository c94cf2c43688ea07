"""How the pen wrote: thickness, width, swellings, fractures."""
