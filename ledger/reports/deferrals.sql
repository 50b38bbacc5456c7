-- What the deferral accounts hold at the end of %(on)s, as known before %(known_before)s: per lot, and cut into parts by what
-- will become of them. The sources are SELECTs of the upper apps; what no source explains is a part of its own, so that
-- the parts of each row of `held` add up to it.
WITH held AS MATERIALIZED (
    SELECT row_number() OVER () AS id, l.account_id, l.product_group_id, l.party, l.lot, l.currency_id,
           sum(l.credit - l.debit) AS amount, sum(l.credit_lcy - l.debit_lcy) AS amount_lcy
    FROM ledger_journalline l
    JOIN ledger_journalentry e ON e.id = l.entry_id
    WHERE l.account_id IN (SELECT code FROM ledger_setup_account WHERE purpose = 'deferral')
      AND e.posting_date <= %(on)s AND e.created_at < %(known_before)s
    GROUP BY l.account_id, l.product_group_id, l.party, l.lot, l.currency_id
    HAVING sum(l.credit - l.debit) <> 0 OR sum(l.credit_lcy - l.debit_lcy) <> 0
),
explained (held_id, expires_on, due_on, overdue, cause, behind, amount, amount_lcy) AS MATERIALIZED ({sources}),
part AS (
    SELECT * FROM explained WHERE amount <> 0 OR amount_lcy <> 0
    UNION ALL
    -- Added up and not joined: nobody can tell PostgreSQL how many parts there are, and a join of the wrong kind takes minutes.
    SELECT id, NULL, NULL, false, 'unexplained', max(lot), sum(amount), sum(amount_lcy)
    FROM (
        SELECT id, lot, amount, amount_lcy FROM held
        UNION ALL
        SELECT held_id, NULL, -amount, -amount_lcy FROM explained
    ) rest
    GROUP BY id HAVING sum(amount) <> 0 OR sum(amount_lcy) <> 0
),
placed AS MATERIALIZED ( -- so that what narrows it does not change how it is computed
    SELECT {key} AS key, h.account_id, h.product_group_id, h.party, h.lot, h.currency_id, part.*, {bucket} AS bucket
    FROM part JOIN (SELECT id, account_id, product_group_id, party, lot, currency_id FROM held) h ON h.id = part.held_id
)
