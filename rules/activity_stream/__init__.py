"""New entries of the activity log as server-sent events, each once, whenever their transactions commit."""
