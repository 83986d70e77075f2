"""Backups of the school's data, and of its keys apart from them; and how both are put back (ADR 40)."""
