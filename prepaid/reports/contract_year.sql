-- What a contract's deferrals did to their accounts up to a day: one row for each posted document, and for each release or
-- take-back of a run on a day. Before %(first)s all of it in one.
WITH asked AS (
    SELECT 'contract:' || d.id AS lot, d.deferral_account_id, d.revenue_account_id
    FROM prepaid_contractdeferral d
    WHERE d.contract_id = %(contract)s AND d.commitment_id = coalesce(%(commitment)s, d.commitment_id)
)
SELECT CASE WHEN e.posting_date >= %(first)s THEN e.posting_date END AS day,
       CASE WHEN e.posting_date >= %(first)s THEN e.kind END AS kind,
       CASE WHEN e.posting_date >= %(first)s THEN split_part(
           e.event_key, ':', CASE WHEN e.kind LIKE 'sales%%' THEN 2 ELSE 3 END)::bigint END AS source, -- document, or run
       min(e.id) AS entry, count(DISTINCT e.id),
       coalesce(sum(l.credit - l.debit) FILTER (WHERE l.account_id = a.deferral_account_id), 0) AS deferred,
       coalesce(sum(l.credit - l.debit) FILTER (WHERE l.account_id = a.revenue_account_id), 0) AS released
FROM asked a
JOIN ledger_journalline l ON l.lot = a.lot AND l.account_id IN (a.deferral_account_id, a.revenue_account_id)
JOIN ledger_journalentry e ON e.id = l.entry_id
WHERE e.posting_date <= %(last)s
GROUP BY 1, 2, 3
ORDER BY 1, 4
