"""The journal against its seals: what was sealed is there, as it was, in its place.

Each check asks one question. An entry that was under way while its predecessors were sealed, and so is sealed after later
ones, is in order. What is not sealed yet is not looked at here.
"""

from ledger.reports.offenders import Check, Offender, offenders
from ledger.reports.seals import Head


def changed() -> list[Offender]:
    """What was sealed reads as it did: header and lines."""
    return offenders(
        "a sealed entry stays as it was",
        """
        SELECT s.event_key, 'is not what was sealed at position ' || s.position || ': its header or its lines were changed'
               || CASE WHEN e.event_key <> s.event_key THEN ', it is called ' || e.event_key ELSE '' END
        FROM ledger_sealedentry s
        JOIN ledger_digest d ON d.entry_id = s.entry_id
        JOIN ledger_journalentry e ON e.id = s.entry_id
        WHERE (d.digest, e.event_key) <> (s.digest, s.event_key)
        ORDER BY s.position
        """,
    )


def gone() -> list[Offender]:
    """What was sealed is there."""
    return offenders(
        "a sealed entry is there",
        """
        SELECT s.event_key, 'was sealed at position ' || s.position || ' as entry ' || s.entry_id || ' and is gone'
        FROM ledger_sealedentry s WHERE NOT EXISTS (SELECT FROM ledger_journalentry e WHERE e.id = s.entry_id)
        ORDER BY s.position
        """,
    )


def displaced() -> list[Offender]:
    """The register counts its entries from 1 without a gap; those of one seal stand in the order of their numbers."""
    return offenders(
        "the register counts without a gap",
        """
        WITH placed AS (
            SELECT s.*, coalesce(lag(position) OVER everything, 0) AS before,
                   lag(entry_id) OVER (PARTITION BY seal_id ORDER BY position) AS entry_before
            FROM ledger_sealedentry s WINDOW everything AS (ORDER BY position)
        )
        SELECT p.event_key, CASE
            WHEN p.position <> p.before + 1 THEN 'position ' || p.position || ' follows ' || p.before
            WHEN p.entry_id < p.entry_before
                THEN 'entry ' || p.entry_id || ' stands after entry ' || p.entry_before || ', at position ' || p.position
            ELSE 'position ' || p.position || ' is not in the range of seal ' || p.seal_id END
        FROM placed p LEFT JOIN ledger_journalseal j ON j.number = p.seal_id
        WHERE p.position <> p.before + 1 OR p.entry_id < p.entry_before
           OR j.number IS NULL OR p.position NOT BETWEEN j.first_position AND j.last_position
        ORDER BY p.position
        """,
    )


def broken() -> list[Offender]:
    """Every seal holds the hash of the one before, and its own is that of its entries."""
    return offenders(
        "a seal holds its entries and the seal before",
        """
        WITH chain AS (
            SELECT j.*, coalesce(lag(number) OVER links, 0) AS number_before,
                   coalesce(lag(hash) OVER links, '') AS hash_before,
                   coalesce(lag(last_position) OVER links, 0) AS position_before
            FROM ledger_journalseal j WINDOW links AS (ORDER BY number)
        ), contents AS (
            SELECT seal_id, count(*) AS entries, string_agg(digest, E'\\n' ORDER BY position) AS digests
            FROM ledger_sealedentry GROUP BY seal_id
        )
        SELECT 'seal ' || c.number, CASE
            WHEN c.number <> c.number_before + 1 THEN 'follows seal ' || c.number_before
            WHEN c.first_position <> c.position_before + 1
                THEN 'begins at position ' || c.first_position || ' after ' || c.position_before
            WHEN c.previous <> c.hash_before THEN 'does not hold the hash of seal ' || c.number_before
            WHEN coalesce(x.entries, 0) <> c.last_position - c.first_position + 1
                THEN coalesce(x.entries, 0) || ' of ' || c.last_position - c.first_position + 1 || ' entries'
            ELSE 'its hash is not that of its entries' END
        FROM chain c LEFT JOIN contents x ON x.seal_id = c.number
        WHERE c.number <> c.number_before + 1 OR c.first_position <> c.position_before + 1 OR c.previous <> c.hash_before
           OR coalesce(x.entries, 0) <> c.last_position - c.first_position + 1
           OR c.hash <> ledger_seal_hash(c.number, c.day, c.previous, x.digests)
        ORDER BY c.number
        """,
    )


def cut() -> list[Offender]:
    """The register goes as far as was counted apart from it."""
    return offenders(
        "the register goes as far as was counted",
        """
        SELECT 'position ' || greatest(counted, reached), counted || ' entries were sealed, the register ends at ' || reached
        FROM (SELECT coalesce((SELECT last_number FROM ledger_numberseries WHERE code = 'REGISTER'), 0) AS counted,
                     coalesce((SELECT max(position) FROM ledger_sealedentry), 0) AS reached) ends
        WHERE counted <> reached
        """,
    )


def forgotten() -> list[Offender]:
    """Every head that a night noted is in the register."""
    return offenders(
        "the register holds the heads that were noted",
        """
        SELECT 'head ' || noted.head, 'was noted by the night of ' || noted.business_date || ': the register holds '
               || coalesce(j.number || ':' || j.hash, 'no such seal')
        FROM (
            SELECT r.id, r.business_date, c.counts ->> 'head of the register' AS head
            FROM ledger_batchchunk c JOIN ledger_batchstep s ON s.id = c.step_id JOIN ledger_batchrun r ON r.id = s.run_id
            WHERE c.counts ? 'head of the register'
        ) noted
        LEFT JOIN ledger_journalseal j ON j.number::text = split_part(noted.head, ':', 1)
        WHERE j.number || ':' || j.hash IS DISTINCT FROM noted.head
        ORDER BY noted.id
        """,
    )


def unknown(noted: Head) -> list[Offender]:
    """A head that somebody noted elsewhere is in the register, and so is everything it stood for: what the other checks
    find in order leads to it. The defence against somebody who writes everything anew."""
    return offenders(
        "the register holds the head that was noted",
        """
        SELECT 'head ' || noted.number, 'was noted with the hash ' || noted.hash || ', the register holds '
               || coalesce(j.hash, 'no such seal')
        FROM (SELECT %s::bigint AS number, %s AS hash) noted LEFT JOIN ledger_journalseal j USING (number)
        WHERE j.hash IS DISTINCT FROM noted.hash
        """,
        noted,
    )


CHECKS: dict[str, Check] = {
    "sealed entries are unchanged": changed,
    "sealed entries are there": gone,
    "the register has no gap": displaced,
    "seals hold their entries": broken,
    "the register is whole": cut,
    "noted heads are in the register": forgotten,
}
