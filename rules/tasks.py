"""What the clock calls."""
