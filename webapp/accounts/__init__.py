"""Who may come in: users, sessions, API tokens."""
