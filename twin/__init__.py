"""The verbs of trust: read a trial, calibrate, validate, verify and keep the ledger."""
