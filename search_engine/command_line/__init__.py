"""The engine's command line: `python -m search_engine`."""
