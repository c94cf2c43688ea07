"""Explanations as page, sheet, pictures and files."""
