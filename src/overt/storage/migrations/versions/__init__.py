"""One module a change to the tables, numbered in order; none is edited once released."""
