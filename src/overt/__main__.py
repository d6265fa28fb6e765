"""`python -m overt` is the same program as `overt`."""

from overt.cli import main

if __name__ == "__main__":
    main()
