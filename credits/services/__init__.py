"""Everything that writes services credits, one file per business event.

Each service opens its transaction, takes its locks in the order account, purchases by id, milestone, checks again what
it read before, writes, and posts. Totals of purchases and milestones follow the consumptions inside the database.
"""
