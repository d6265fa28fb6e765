"""What is measured rather than tested: `make bench`, or `python -m bench`. docs/performance.md."""
