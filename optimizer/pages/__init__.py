"""Pages of the optimizer."""
