"""`python -m ordergroove_sandbox`: the same as `ordergroove-sandbox`."""

from .command import main

main()
