"""`gnomon version`."""

from gnomon.surfaces.cli.options import JsonOption


def version(as_json: JsonOption = False) -> None:
    """Print the version of Gnomon, Python and the engines.

    \b
    Example:
      gnomon version --json
    """
    import platform
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    from gnomon import __version__
    from gnomon.surfaces.cli.terminal import Terminal

    parts = {"gnomon": __version__, "python": platform.python_version()}
    for package in ("duckdb", "sqlglot", "onnxruntime", "psycopg"):
        try:
            parts[package] = installed(package)
        except PackageNotFoundError:
            parts[package] = "not installed"
    terminal = Terminal()
    if as_json:
        terminal.json(parts)
    else:
        terminal.out.print("\n".join(f"{name} {value}" for name, value in parts.items()))
