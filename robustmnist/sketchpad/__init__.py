"""A page to draw a digit on: what the models see of it, what they answer, and how far it may go."""
