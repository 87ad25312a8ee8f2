"""A user's own network as the start: read, drawn, its sites chosen, made into a checkpoint."""
