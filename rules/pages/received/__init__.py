"""The pages of received metrics."""
