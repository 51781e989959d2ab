"""Policies as code: Cedar files, the tags they speak of, and what a rule's annotations oblige a query to."""
