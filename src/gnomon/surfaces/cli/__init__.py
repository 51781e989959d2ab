"""The command line: data on stdout, talk on stderr, readable without colour."""
