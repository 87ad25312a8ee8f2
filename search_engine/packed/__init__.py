"""What comes with the project, ready to use: the data set of the demonstration."""

from pathlib import Path

PACKED = Path(__file__).parent
"""The folder that holds it, a folder for each."""
