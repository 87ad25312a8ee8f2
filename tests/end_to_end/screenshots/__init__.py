"""Pictures of every page, of an Espalier that has really worked: `make screenshots`."""
