"""A second opinion: the rules of services credits in plain Python, sharing no code with the product."""
