"""Where knowledge about tables is read from; a file, or a folder, a source."""
