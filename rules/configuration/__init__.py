"""Changes of the configuration: their words, list and undo. `rules.models.recorded` writes them."""
