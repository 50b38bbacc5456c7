"""A data export of Certinia PSA: read, checked, imported, settled, and written again under the same names.

    files       what was brought, by the object each file is about
    objects     the objects and their columns, under the API names
    reading     cells as values, lines as rows
    accounts, purchases, milestones, rates
                each object: its lines as rows, its stored rows in the same shape, and how new ones are written
    setup       what a purchase says beyond Certinia: product posting group and dimensions
    importing   all of it, or nothing
    imported    what came of it
    jobs        the same for more than somebody can wait for
    settling    allocating and completing what was imported
    report      balances and allocations as they stand
    exporting   the stored rows as files

A row is compared with the stored one column by column, both in the shape of the file. So what is exported is what an import
finds unchanged.
"""
