"""Saved sets of instructions with parameters, that a team runs again and again."""
