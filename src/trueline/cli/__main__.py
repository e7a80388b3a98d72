"""``python -m trueline.cli``."""

from trueline.cli.app import main

main()
