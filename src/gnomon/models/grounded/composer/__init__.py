"""Composes readings bottom-up: every item of a question gets a role, roles make readings, a learned score
ranks them."""
