"""Speed against peers and against the bare forward pass; never a timed test."""
