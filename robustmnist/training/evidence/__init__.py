"""What a training leaves as evidence: numbers of every step and layer, a page, and events for TensorBoard."""
