"""The published study of the shipped checkpoints: pages, tables and findings, and how to make them again."""
