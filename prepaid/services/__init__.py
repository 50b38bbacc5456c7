"""What writes, one file for each business event. A change of a balance locks the account first, then its inflows by id."""
