"""How does it fail? Confusion matrices and the most confident mistakes."""
