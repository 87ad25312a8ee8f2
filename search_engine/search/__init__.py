"""A search: what it asks and is told, how trials are evaluated, and where it is kept."""
