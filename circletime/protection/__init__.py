"""Data protection: what is kept of whom and how long, carried out; a person's export and erasure; the record."""
