"""The state of things now: whether pipelines ran, and whether tables are fresh."""
