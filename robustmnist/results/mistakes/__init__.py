"""How does it fail? Confusion and the most confident mistakes."""
