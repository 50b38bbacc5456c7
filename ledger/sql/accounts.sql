-- The accounts that the general posting setup names, and those that it named before by the change log: an account holds its
-- money and its past after a cell has moved on. A name that was taken back counts where it made sense: on an account of the
-- right category that no cell ever named for anything else. So a slip in a cell, once mended, leaves nothing behind.
CREATE VIEW ledger_setup_account AS
WITH purpose (purpose, category) AS (
    VALUES ('receivable', 'asset'), ('deferral', 'liability'), ('sales', 'revenue'), ('breakage', 'revenue')
),
named AS (
    SELECT cell.purpose, cell.code, true AS now
    FROM ledger_postingsetup s
    CROSS JOIN LATERAL (VALUES ('receivable', s.receivable_id), ('deferral', s.deferral_id), ('sales', s.sales_id),
                               ('breakage', s.breakage_id)) AS cell (purpose, code)
    UNION
    SELECT p.purpose, logged.code, false
    FROM ledger_changelogentry c
    CROSS JOIN purpose p
    CROSS JOIN LATERAL jsonb_array_elements_text(c.changes -> (p.purpose || '_id')) AS logged (code)
    WHERE c."table" = 'ledger_postingsetup'
)
SELECT DISTINCT n.purpose, n.code
FROM named n
JOIN purpose p ON p.purpose = n.purpose
JOIN ledger_ledgeraccount a ON a.code = n.code
WHERE n.now OR (a.category = p.category AND NOT EXISTS (
    SELECT FROM named other WHERE other.code = n.code AND other.purpose <> n.purpose));
