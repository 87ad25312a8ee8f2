"""Exports: files made from checkpoints, for use without Espalier."""
