"""Query logs and folders of SQL files, read as streams."""
