"""Measures of an explanation: whether its maps name what the classifier goes by; a file each, and a registry."""
