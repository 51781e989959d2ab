"""Fernhill Outdoor: an invented retailer, and the seeded generator of its warehouse."""
