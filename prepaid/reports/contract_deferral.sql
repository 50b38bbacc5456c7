-- What will become of the money that contract deferrals hold: each part that waited becomes revenue on the day on which it is
-- due. A part waited on %(on)s where it was not released by then and not closed by a credit memo, as the books tell. What was
-- cut, and when it is due, is frozen with the deferral, so that it was always known as it is now. The deferral ends with the
-- period that was billed. (Lots and releases are looked up by their keys, one by one: nobody can tell PostgreSQL how many there are,
-- and a join of the wrong kind takes minutes. `;` is what comes after `:`.)
SELECT h.id, d.ends_on, p.due_on, p.due_on < %(on)s, 'recognise', h.lot, p.amount, p.amount_lcy
FROM held h
JOIN prepaid_contractdeferral d
  ON d.id = substring(h.lot FROM '^contract:(\d{1,18})$')::bigint AND h.account_id = d.deferral_account_id
JOIN prepaid_deferralline p ON p.deferral_id = d.id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(CASE e.kind WHEN 'contract_release' THEN 1 ELSE -1 END), 0) AS n
    FROM ledger_journalentry e
    WHERE e.event_key ~>=~ ('contract-release:' || p.id || ':') AND e.event_key ~<~ ('contract-release:' || p.id || ';')
      AND e.posting_date <= %(on)s AND e.created_at < %(known_before)s
) released
LEFT JOIN prepaid_salesline l ON l.id = p.closed_by_id AND p.run_id IS NULL
LEFT JOIN ledger_journalentry m ON m.event_key = 'sales-document:' || l.document_id
WHERE released.n = 0 AND (m.id IS NULL OR m.posting_date > %(on)s OR m.created_at >= %(known_before)s)
