"""Work is one thing: what a worker does is a row that is claimed, held, told about and ended."""
