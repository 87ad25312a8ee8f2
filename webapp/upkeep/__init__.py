"""What an administrator looks after: what Espalier stands on, its files, and backups."""
