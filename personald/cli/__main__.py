"""`python -m personald.cli` is `personald`."""

from personald.cli.frame import main

if __name__ == "__main__":
    main()
