"""Question sets, evaluation of answers against gold SQL, and the report of it."""
