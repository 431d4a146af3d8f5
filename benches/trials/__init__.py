"""Logged trials, each calibrated on one run and held against another; the table is docs/trials.md."""
