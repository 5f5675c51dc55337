"""Named incidents of the demo month: readings that follow from the state, and people who respond to them."""
