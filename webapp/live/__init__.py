"""What happens, numbered: one log a topic, and how it reaches whoever watches."""
