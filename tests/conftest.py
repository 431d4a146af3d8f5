"""What every test shares: hypothesis keeps no clock, for the first example may compile a kernel or load a table."""

import hashlib
import inspect
import re
import time

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")


def hashes(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def refused():
    """Do what is bad, and hold its refusal to the house's rule: three beats, a number, at once, no file touched.

    What is done takes nothing, or a folder; as a generator it yields once what it needs is there.
    """
    from foretrial.models import ForetrialError

    def check(act, folder, *, wanted, number=True):
        steps = act(folder) if inspect.signature(act).parameters else iter(lambda: act() or 1, 1)
        if inspect.isgenerator(steps):
            next(steps)
        before, began = hashes(folder), time.process_time()
        with pytest.raises(ForetrialError) as told:
            next(steps)
        assert time.process_time() - began < 2.0
        assert hashes(folder) == before
        text = str(told.value)
        assert wanted in text
        beats = [beat for beat in re.split(r"(?<=[.?!)])\s+(?=[A-Z'{(])", text) if beat]
        assert len(beats) >= 3, beats
        assert len(text) <= 640
        assert not number or re.search(r"\d|nan", text.replace(str(folder), "")), text

    return check
