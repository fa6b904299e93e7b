"""`python -m og_assets`: the same as `og-assets`."""

from og_assets.cli.commands import main

main()
