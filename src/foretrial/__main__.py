"""`python -m foretrial` is the command line."""

from .cli import main

main()
