"""Everything on one machine: `python -m webapp.embedded`, which `make run` calls."""
