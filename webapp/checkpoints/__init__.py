"""Checkpoints: networks that searches have trained, to look at, download, start from and export."""
