"""Django's own PostgreSQL backend, whose writers stand in line."""
