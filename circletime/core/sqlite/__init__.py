"""Django's own SQLite backend, whose writers of one process stand in line."""
