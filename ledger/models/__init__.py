from ledger.models.accounts import BusinessPostingGroup, LedgerAccount, PostingSetup, ProductPostingGroup
from ledger.models.changes import ChangeLogEntry
from ledger.models.currencies import Currency, ExchangeRate
from ledger.models.dimensions import Dimension, DimensionValue
from ledger.models.journal import JournalEntry, JournalLine
from ledger.models.manual import ManualEntry, ManualEntryLine
from ledger.models.nights import BatchChunk, BatchRun, BatchStep
from ledger.models.numbers import NumberSeries
from ledger.models.periods import AccountingPeriod, PeriodReopening
from ledger.models.seals import JournalSeal, SealedEntry
from ledger.models.setup import LedgerSetup
from ledger.models.vat import VatBusinessGroup, VatPostingSetup, VatProductGroup

__all__ = [
    "AccountingPeriod",
    "BatchChunk",
    "BatchRun",
    "BatchStep",
    "BusinessPostingGroup",
    "ChangeLogEntry",
    "Currency",
    "Dimension",
    "DimensionValue",
    "ExchangeRate",
    "JournalEntry",
    "JournalLine",
    "JournalSeal",
    "LedgerAccount",
    "LedgerSetup",
    "ManualEntry",
    "ManualEntryLine",
    "NumberSeries",
    "PeriodReopening",
    "PostingSetup",
    "ProductPostingGroup",
    "SealedEntry",
    "VatBusinessGroup",
    "VatPostingSetup",
    "VatProductGroup",
]
