"""`python -m gnomon` is the `gnomon` command."""

from gnomon.surfaces.cli.main import main

main()
