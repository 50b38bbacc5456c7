-- What will become of the money that contract deferrals hold: each part that waited becomes revenue on the day on which it is
-- due. A part waited on %(on)s where it was not released by then and not closed by a credit memo, as the books tell. What was
-- cut, and when it is due, is frozen with the deferral, so that it was always known as it is now. The deferral ends with the
-- period that was billed.
SELECT h.id, d.ends_on, p.due_on, p.due_on < %(on)s, 'recognise', h.lot, p.amount, p.amount_lcy
FROM held h
JOIN prepaid_contractdeferral d ON h.lot = 'contract:' || d.id AND h.account_id = d.deferral_account_id
JOIN prepaid_deferralline p ON p.deferral_id = d.id
LEFT JOIN (
    SELECT substring(event_key FROM '^contract-release:(\d{1,18}):')::bigint AS part_id,
           sum(CASE WHEN kind = 'contract_release' THEN 1 ELSE -1 END) AS n
    FROM ledger_journalentry
    WHERE kind LIKE 'contract_release%%' AND reverses_id IS NULL AND posting_date <= %(on)s AND created_at < %(known_before)s
    GROUP BY 1
) released ON released.part_id = p.id
LEFT JOIN prepaid_salesline l ON l.id = p.closed_by_id AND p.run_id IS NULL
LEFT JOIN ledger_journalentry m ON m.event_key = 'sales-document:' || l.document_id
WHERE coalesce(released.n, 0) = 0
  AND (m.id IS NULL OR m.posting_date > %(on)s OR m.created_at >= %(known_before)s)
