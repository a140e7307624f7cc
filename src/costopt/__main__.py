"""`python -m costopt`."""

from costopt.cli import main

main()
