"""Routes that each collection has beyond its five: with no line in its slice."""
