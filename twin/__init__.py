"""The verbs of trust: read a trial, calibrate, validate, verify and keep the ledger."""

from .chain import Record
from .content import content_of
from .freeze import freeze, frozen_before
from .importing import import_csv
from .live import LiveLog, News, consolidate, follow
from .logs import add_log, read
from .repair import Repair, repair
from .store import add, append_record, check, correct, names, raw_file, records, write

__all__ = [
    "LiveLog", "News", "Record", "Repair", "add", "add_log", "append_record", "check", "consolidate", "content_of",
    "correct", "follow", "freeze", "frozen_before", "import_csv", "names", "raw_file", "read", "records", "repair", "write",
]  # fmt: skip
