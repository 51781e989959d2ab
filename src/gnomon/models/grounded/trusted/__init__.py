"""Answers a question by a trusted query that answers the same one, its parameters bound."""
