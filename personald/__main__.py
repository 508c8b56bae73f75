"""`python -m personald` is `personald`."""

from personald.cli import main

if __name__ == "__main__":
    main()
