"""Everything that writes to the books. `ledger.services.posting` is the one door to the journal."""
