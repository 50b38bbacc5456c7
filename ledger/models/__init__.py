from ledger.models.accounts import BusinessPostingGroup, LedgerAccount, PostingSetup, ProductPostingGroup
from ledger.models.currencies import Currency, ExchangeRate
from ledger.models.journal import JournalEntry, JournalLine
from ledger.models.nights import BatchChunk, BatchRun, BatchStep
from ledger.models.numbers import NumberSeries
from ledger.models.periods import AccountingPeriod
from ledger.models.setup import LedgerSetup

__all__ = [
    "AccountingPeriod",
    "BatchChunk",
    "BatchRun",
    "BatchStep",
    "BusinessPostingGroup",
    "Currency",
    "ExchangeRate",
    "JournalEntry",
    "JournalLine",
    "LedgerAccount",
    "LedgerSetup",
    "NumberSeries",
    "PostingSetup",
    "ProductPostingGroup",
]
