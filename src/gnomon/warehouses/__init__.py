"""Run an authorized query, and look at what is there. A folder an adapter."""
