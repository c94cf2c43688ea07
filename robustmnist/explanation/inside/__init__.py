"""What a network has learnt: filters, activations, what excites it, which training digits it likens a digit to."""
