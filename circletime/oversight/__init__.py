"""What the school watches over itself: links that were made public (T11)."""
