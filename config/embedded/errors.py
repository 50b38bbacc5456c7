class EmbeddedError(Exception):
    """Why an embedded service cannot be had, as one sentence that names the remedy."""
