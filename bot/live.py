"""A mention by day: read, answered in its thread while it is made, once."""
