"""The `gnomon` command."""


def main() -> None:
    """Run the command line."""
