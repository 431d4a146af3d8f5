"""What every test shares: hypothesis keeps no clock, for the first example may compile a kernel or load a table."""

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
