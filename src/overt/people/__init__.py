"""People: accounts, signing in, what each role may do, and the office in which all acts happen."""
