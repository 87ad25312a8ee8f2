"""Espalier's web application: pages, API and sockets on top of `search_engine`."""
