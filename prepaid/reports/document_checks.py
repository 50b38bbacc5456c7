"""Posted sales documents against their numbers, their prepaid entries and the journal: for `checks`, one statement each."""

# Of each type the places of the series 1 to n, as far as it was drawn.
NUMBERS = """
WITH posted AS (
    SELECT type, count(*) AS n, count(DISTINCT sequence) AS places, count(DISTINCT posted_number) AS numbers,
           coalesce(min(sequence), 1) AS first, coalesce(max(sequence), 0) AS last
    FROM prepaid_salesdocument WHERE state = 'posted' GROUP BY type
), series AS (
    SELECT CASE code WHEN 'PSI' THEN 'invoice' ELSE 'credit_memo' END AS type, last_number AS drawn
    FROM ledger_numberseries WHERE code IN ('PSI', 'PSC')
)
SELECT 'posted ' || replace(type, '_', ' ') || 's', format('%%s of them, %%s numbers from place %%s to %%s; %%s were drawn',
    coalesce(n, 0),
                                                coalesce(numbers, 0), first, last, coalesce(drawn, 0))
FROM posted FULL JOIN series USING (type)
WHERE coalesce(n, 0) <> coalesce(drawn, 0) OR n <> places OR n <> numbers OR first <> 1 OR last <> n
"""

# An invoice's VAT is the rate of its net, per VAT groups, rounded once.
VAT = """
SELECT d.posted_number, format('%%s %%%% VAT of %%s is %%s, not %%s', l.vat_percent, sum(l.net),
                               round(sum(l.net) * l.vat_percent / 100, c.decimals), sum(l.vat))
FROM prepaid_salesdocument d
JOIN prepaid_salesline l ON l.document_id = d.id
JOIN ledger_currency c ON c.code = d.currency_id
WHERE d.state = 'posted' AND d.type = 'invoice' AND l.kind = 'item'
GROUP BY d.id, l.vat_business_group_id, l.vat_product_group_id, l.vat_percent, c.decimals
HAVING sum(l.vat) <> round(sum(l.net) * l.vat_percent / 100, c.decimals)
"""

# What is owed in LCY is what the rate of the invoice makes of it.
DUE = """
SELECT d.posted_number, format('line %%s: %%s net and %%s VAT are owed, in LCY %%s and %%s at %%s', l.line_no,
    l.net - l.covered_net,
                               l.vat - l.covered_vat, l.due_lcy, l.due_vat_lcy, d.exchange_rate)
FROM prepaid_salesdocument d
JOIN prepaid_salesline l ON l.document_id = d.id
CROSS JOIN ledger_ledgersetup s
JOIN ledger_currency lcy ON lcy.code = s.lcy_id
WHERE d.state = 'posted' AND d.type = 'invoice' AND l.kind = 'item'
  AND (l.due_lcy, l.due_vat_lcy) <> (round((l.net - l.covered_net) * d.exchange_rate, lcy.decimals),
                                     round((l.vat - l.covered_vat) * d.exchange_rate, lcy.decimals))
"""

# What the lines cover is what was applied for them, or given back by them.
COVERED = """
WITH applied AS (
    SELECT used_line_id AS line_id, sum(a.amount) AS amount, sum(a.quantity) AS quantity,
           count(*) FILTER (
               WHERE o.document_id IS DISTINCT FROM l.document_id OR o.service_id <> l.prepaid_service_id) AS strange
    FROM prepaid_application a
    JOIN prepaid_prepaidentry o ON o.id = a.outflow_id
    JOIN prepaid_salesline l ON l.id = a.used_line_id
    GROUP BY 1
    UNION ALL
    SELECT g.line_id, sum(g.amount), sum(g.quantity),
           count(*) FILTER (WHERE i.document_id IS DISTINCT FROM l.document_id OR i.service_id <> l.prepaid_service_id)
    FROM prepaid_giveback g
    JOIN prepaid_prepaidentry i ON i.id = g.inflow_id
    JOIN prepaid_salesline l ON l.id = g.line_id
    GROUP BY 1
)
SELECT d.posted_number, format('line %%s covers %%s, quantity %%s; its applications come to %%s and %%s', l.line_no,
    l.covered_net,
                               l.covered, coalesce(a.amount, 0), coalesce(a.quantity, 0))
FROM prepaid_salesdocument d
JOIN prepaid_salesline l ON l.document_id = d.id
LEFT JOIN prepaid_prepaidservice s ON s.id = l.prepaid_service_id
LEFT JOIN applied a ON a.line_id = l.id
WHERE d.state = 'posted' AND l.kind = 'item' AND (
    a.strange > 0
    OR coalesce(a.quantity, 0) <> l.covered
    OR coalesce(a.amount, 0) <> CASE s.type WHEN 'quantity' THEN 0 ELSE l.covered_net END)
"""

# Balance lines are what the lines above them have covered.
BALANCE_LINES = """
SELECT d.posted_number, format('balance lines of %%s, VAT %%s and quantity %%s; its lines cover %%s, %%s and %%s',
    -coalesce(sum(l.net) FILTER (WHERE l.kind = 'balance'), 0), -coalesce(sum(l.vat) FILTER (WHERE l.kind = 'balance'), 0),
    coalesce(sum(l.covered) FILTER (WHERE l.kind = 'balance'), 0), sum(l.covered_net), sum(l.covered_vat),
    coalesce(sum(l.covered) FILTER (WHERE l.kind = 'item'), 0))
FROM prepaid_salesdocument d JOIN prepaid_salesline l ON l.document_id = d.id
WHERE d.state = 'posted' AND l.prepaid_service_id IS NOT NULL
GROUP BY d.id, l.prepaid_service_id
HAVING (-coalesce(sum(l.net) FILTER (WHERE l.kind = 'balance'), 0), -coalesce(sum(l.vat) FILTER (WHERE l.kind = 'balance'),
    0),
        coalesce(sum(l.covered) FILTER (WHERE l.kind = 'balance'), 0))
    <> (sum(l.covered_net), sum(l.covered_vat), coalesce(sum(l.covered) FILTER (WHERE l.kind = 'item'), 0))
"""

# A credit memo takes back no more of a line than there was.
CREDITED = """
SELECT d.posted_number, format('line %%s: %%s net of %%s, VAT %%s of %%s and %%s of %%s covered are credited', l.line_no,
    c.net, l.net,
                               c.vat, l.vat, c.covered_net, l.covered_net)
FROM (
    SELECT m.corrects_line_id, sum(m.net) AS net, sum(m.vat) AS vat, sum(m.covered) AS covered,
        sum(m.covered_net) AS covered_net,
           sum(m.covered_vat) AS covered_vat, sum(m.due_lcy) AS due_lcy, sum(m.due_vat_lcy) AS due_vat_lcy
    FROM prepaid_salesline m JOIN prepaid_salesdocument k ON k.id = m.document_id
    WHERE k.state = 'posted' AND k.type = 'credit_memo' AND m.kind = 'item' GROUP BY 1
) c
LEFT JOIN prepaid_salesline l ON l.id = c.corrects_line_id
LEFT JOIN prepaid_salesdocument d ON d.id = l.document_id AND d.state = 'posted' AND d.type = 'invoice'
WHERE d.id IS NULL OR c.net > l.net OR c.vat > l.vat OR c.covered > l.covered OR c.covered_net > l.covered_net
   OR c.covered_vat > l.covered_vat OR c.due_lcy > l.due_lcy OR c.due_vat_lcy > l.due_vat_lcy
"""

# Account by account, a document's journal entry is what its lines owe, what left deferred revenue and what came back to it.
# Of a contract line that is credited, what was released is owed back by revenue, not by the deferral.
JOURNAL = """
WITH documents AS (
    SELECT id, 'sales-document:' || id AS event_key, CASE type WHEN 'invoice' THEN 1 ELSE -1 END AS sign
    FROM prepaid_salesdocument WHERE state = 'posted'
), said AS (
    SELECT event_key, account_id, sum(amount) AS amount, sum(amount_lcy) AS amount_lcy FROM (
        SELECT d.event_key, side.account_id, d.sign * side.amount AS amount, d.sign * side.amount_lcy AS amount_lcy
        FROM documents d
        JOIN prepaid_salesline l ON l.document_id = d.id AND l.kind = 'item'
        CROSS JOIN LATERAL (VALUES
            (l.receivable_account_id, l.net - l.covered_net + l.vat - l.covered_vat, l.due_lcy + l.due_vat_lcy),
            (l.ledger_account_id, l.covered_net - l.net, -l.due_lcy),
            (l.vat_account_id, l.covered_vat - l.vat, -l.due_vat_lcy)
        ) AS side (account_id, amount, amount_lcy)
        UNION ALL
        SELECT o.event_key, side.account_id, side.sign * a.amount, side.sign * a.amount_lcy
        FROM prepaid_application a
        JOIN prepaid_prepaidentry o ON o.id = a.outflow_id
        JOIN prepaid_prepaidentry i ON i.id = a.inflow_id
        CROSS JOIN LATERAL (VALUES (i.deferral_account_id, 1), (a.revenue_account_id, -1)) AS side (account_id, sign)
        WHERE o.entry_type = 'consumption' AND a.revenue_account_id IS NOT NULL
        UNION ALL
        SELECT i.event_key, side.account_id, side.sign * g.amount, side.sign * g.amount_lcy
        FROM prepaid_giveback g
        JOIN prepaid_prepaidentry i ON i.id = g.inflow_id
        JOIN prepaid_application a ON a.id = g.application_id
        CROSS JOIN LATERAL (VALUES (i.deferral_account_id, -1), (a.revenue_account_id, 1)) AS side (account_id, sign)
        WHERE a.revenue_account_id IS NOT NULL
        UNION ALL
        SELECT d.event_key, side.account_id, side.sign * p.amount, side.sign * p.amount_lcy
        FROM documents d
        JOIN prepaid_salesline l ON l.document_id = d.id
        JOIN prepaid_deferralline p ON p.closed_by_id = l.id AND p.run_id IS NOT NULL
        JOIN prepaid_contractdeferral c ON c.id = p.deferral_id
        CROSS JOIN LATERAL (VALUES (c.deferral_account_id, -1), (c.revenue_account_id, 1)) AS side (account_id, sign)
    ) moves GROUP BY 1, 2
), posted AS (
    SELECT e.event_key, l.account_id, sum(l.debit - l.credit) AS amount, sum(l.debit_lcy - l.credit_lcy) AS amount_lcy
    FROM ledger_journalline l JOIN ledger_journalentry e ON e.id = l.entry_id
    WHERE e.kind IN ('sales_invoice', 'sales_credit_memo') AND e.reverses_id IS NULL GROUP BY 1, 2
)
SELECT event_key, format('account %%s: its lines come to %%s, LCY %%s; its journal entry to %%s and %%s',
    coalesce(account_id, 'none'),
                         coalesce(s.amount, 0), coalesce(s.amount_lcy, 0), coalesce(p.amount, 0), coalesce(p.amount_lcy, 0))
FROM said s FULL JOIN posted p USING (event_key, account_id)
WHERE (coalesce(s.amount, 0), coalesce(s.amount_lcy, 0)) <> (coalesce(p.amount, 0), coalesce(p.amount_lcy, 0))
"""

# A top-up brings something in, or its credit memo takes it out; a contract line may (`contract_checks`); usage alone is paid
# by a prepaid service.
ROLES = """
SELECT d.posted_number, format('line %%s is written as %%s; its prepaid entries: %%s, what it used or gave back: %%s',
                               l.line_no, l.role, entries.n, used.n)
FROM prepaid_salesdocument d
JOIN prepaid_salesline l ON l.document_id = d.id
LEFT JOIN prepaid_salesline o ON o.id = l.corrects_line_id
CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM prepaid_prepaidentry e
    WHERE e.line_id = l.id AND e.entry_type = CASE d.type WHEN 'invoice' THEN 'positive' ELSE 'negative' END
) entries
CROSS JOIN LATERAL (
    SELECT (SELECT count(*) FROM prepaid_application a WHERE a.used_line_id = l.id)
         + (SELECT count(*) FROM prepaid_giveback g WHERE g.line_id = l.id) AS n
) used
WHERE d.state = 'posted' AND (
    CASE l.role WHEN 'contract' THEN entries.n > 1 ELSE entries.n <> (l.role = 'top_up')::int END
    OR used.n > 0 AND l.role <> 'usage' OR l.role = 'commitment' OR o.role <> l.role)
"""

CHECKS = {
    "posted lines do what they were written as": ROLES,
    "posted documents are numbered without a gap": NUMBERS,
    "an invoice's VAT is the rate of its net": VAT,
    "what an invoice owes in LCY is at its rate": DUE,
    "what sales lines cover was applied": COVERED,
    "balance lines are what is covered": BALANCE_LINES,
    "no more of an invoice is credited than there was": CREDITED,
    "posted documents are in the journal": JOURNAL,
}
