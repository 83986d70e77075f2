"""What is looked at, when somebody is written to about it, and for how long the disk lasts. Plain Python."""
