"""The formats of holdings that are read: one small module for each, and one registry that chooses."""
