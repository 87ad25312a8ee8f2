"""Data sets: the published ones, and images that users upload; shown, prepared, loaded."""
