"""`python -m neurolupus` is the command `neurolupus`."""

from neurolupus.cli.app import main

if __name__ == "__main__":
    main()
