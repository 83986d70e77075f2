"""Data protection: periods that are carried out, a person's export and erasure, the record of processing."""
