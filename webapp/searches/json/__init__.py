"""Searches and trials as JSON: one shape for pages, API and sockets."""
