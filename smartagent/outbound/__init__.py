"""What goes out of the house by HTTP: one client for all, that reaches no address it must not reach."""
