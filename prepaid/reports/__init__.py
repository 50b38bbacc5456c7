"""What reads more than a list."""
