"""Somebody's pictures: a folder or an archive, surveyed, asked about, and read."""
