"""What the pages of manual entries are made of: forms, table, filter, actions with their reasons, previews."""
