"""A generated company of any size, and the benches that run over it."""
