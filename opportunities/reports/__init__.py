"""Everything that reads more than a list."""
