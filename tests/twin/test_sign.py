"""Signatures: four roles in order, checked elsewhere, and every changed byte found."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from foretrial import twin, viz
from foretrial.models import ModelError
from foretrial.twin.sign import BESIDE, ROLES

needs_keys = pytest.mark.skipif(not find_spec("cryptography"), reason="cryptography (extra 'sign') is missing")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("signed")


@pytest.fixture
def signed(lab, folder):
    """A verdict with its four signatures, made once, and copied for each test."""
    if not (folder / BESIDE).exists():
        twin.write_verdict(lab.judge(np.random.default_rng(7)), folder)
        for role in ROLES:
            private, _ = twin.make_keys(folder / role)
            twin.sign(folder, key=private, role=role, name=f"{role} by Li 李", note="seen")
    return folder


@pytest.fixture
def copy(signed, tmp_path):
    shutil.copytree(signed, tmp_path / "copy")
    return tmp_path / "copy"


def pubs(folder):
    return [folder / f"{role}.pub" for role in ROLES]


def broken(folder, **more):
    return [one.what for one in twin.check_verdict(folder, **more) if not one.holds]


@needs_keys
def test_four_roles_sign_one_after_another_and_each_is_known_by_its_key(copy):
    found = twin.signatures(copy, keys=pubs(copy))
    assert [one.role for one in found] == list(ROLES)
    assert all(one.holds and one.known for one in found)
    assert "prepared 编制 prepared by Li 李" in found[0].text
    assert broken(copy, keys=pubs(copy)) == []
    last = twin.check_verdict(copy, keys=pubs(copy))[-1]
    assert last.text == "signed: prepared, checked, reviewed, approved"


@needs_keys
def test_an_envelope_is_dsse_around_an_in_toto_statement_that_plain_ed25519_verifies(copy):
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    envelope = json.loads((copy / BESIDE).read_text("utf-8").splitlines()[0])
    payload = base64.b64decode(envelope["payload"])
    statement = json.loads(payload)
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    mark = hashlib.sha256((copy / "verdict.json").read_bytes()).hexdigest()
    assert statement["subject"] == [{"name": "verdict.json", "digest": {"sha256": mark}}]
    text = f"DSSEv1 28 application/vnd.in-toto+json {len(payload)} ".encode() + payload
    key = load_pem_public_key((copy / "prepared.pub").read_bytes())
    key.verify(base64.b64decode(envelope["signatures"][0]["sig"]), text)


@needs_keys
def test_a_copied_folder_is_checked_in_a_fresh_process_elsewhere(copy, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    keys = [part for pub in pubs(copy) for part in ("--key", str(pub))]
    for private in copy.glob("*.key"):
        private.unlink()
    command = [sys.executable, "-m", "foretrial", "check", str(copy / "verdict.json"), *keys]
    done = subprocess.run(command, cwd=tmp_path / "elsewhere", capture_output=True, encoding="utf-8", check=False,
                          env={**os.environ, "PYTHONUTF8": "1"})  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hashes and decision hold" in done.stdout
    (copy / "verdict.json").write_bytes((copy / "verdict.json").read_bytes().replace(b'"PASS"', b'"FAIL"', 1))
    done = subprocess.run(command, cwd=tmp_path / "elsewhere", capture_output=True, encoding="utf-8", check=False,
                          env={**os.environ, "PYTHONUTF8": "1"})  # fmt: skip
    assert done.returncode == 1
    assert "signature 1" in done.stdout.splitlines()[-1]


@needs_keys
def test_a_change_of_any_byte_of_the_signatures_is_found(copy):
    whole, rng = (copy / BESIDE).read_bytes(), np.random.default_rng(0)
    places = {0, 1, len(whole) - 1, whole.index(b"\n"), *rng.integers(len(whole), size=150).tolist()}
    for place in sorted(places):
        for flip in (1, 2, 32):
            bent = bytearray(whole)
            bent[place] ^= flip
            (copy / BESIDE).write_bytes(bytes(bent))
            found = twin.signatures(copy, keys=pubs(copy))
            assert not all(one.holds and one.known for one in found), (place, flip)


@needs_keys
def test_a_change_of_any_byte_of_the_verdict_is_found(copy):
    whole, rng = (copy / "verdict.json").read_bytes(), np.random.default_rng(1)
    for place in rng.integers(len(whole), size=40).tolist():
        bent = bytearray(whole)
        bent[place] ^= 1
        (copy / "verdict.json").write_bytes(bytes(bent))
        assert not any(one.holds for one in twin.signatures(copy, keys=pubs(copy)))
    (copy / "verdict.json").write_bytes(whole + b"\n")
    assert broken(copy)[:2] == ["form", "signature 1"]


@needs_keys
def test_signatures_taken_away_exchanged_or_reordered_are_found(copy):
    lines = (copy / BESIDE).read_bytes().splitlines(keepends=True)
    for kept in ([0, 1, 2], [0, 1, 3], [1, 0, 2, 3], [0, 0, 1, 2, 3], []):
        (copy / BESIDE).write_bytes(b"".join(lines[i] for i in kept))
        assert "signatures" in broken(copy, keys=pubs(copy)), kept
    (copy / BESIDE).unlink()
    assert broken(copy, keys=pubs(copy)) == ["signatures"]
    assert broken(copy) == []


@needs_keys
def test_another_key_is_none_of_those_given(copy):
    twin.make_keys(copy / "other")
    [*_, last] = twin.check_verdict(copy, keys=[copy / "other.pub"])
    assert not last.holds
    assert "by none of the keys given" in twin.signatures(copy, keys=[copy / "other.pub"])[0].text
    assert "1 of the 1 keys given signed nothing" in last.text


@needs_keys
def test_without_keys_signatures_are_told_but_not_verified(copy):
    found = twin.check_verdict(copy)
    assert all(one.holds for one in found)
    assert [one.text.endswith("not verified: no key was given") for one in found[-5:-1]] == [True] * 4


@needs_keys
def test_one_person_in_two_roles_is_said(lab, tmp_path):
    twin.write_verdict(lab.judge(np.random.default_rng(7)), tmp_path)
    private, public = twin.make_keys(tmp_path / "one")
    for role in ("prepared", "approved"):
        twin.sign(tmp_path, key=private, role=role, name="Li")
    found = twin.check_verdict(tmp_path, keys=[public])
    assert all(one.holds for one in found)
    assert found[-2].text.endswith("the same key as prepared")
    assert found[-1].text == "signed: prepared, approved; not checked; not reviewed"


@needs_keys
def test_what_cannot_be_signed_is_refused(copy):
    key = copy / "prepared.key"
    with pytest.raises(ModelError, match=r"role 'aproved' is not known\. Did you mean 'approved'"):
        twin.sign(copy, key=key, role="aproved", name="Li")
    with pytest.raises(ModelError, match="without a name is nobody's"):
        twin.sign(copy, key=key, role="approved", name=" ")
    with pytest.raises(ModelError, match=r"role 'checked' comes too late: 'checked' has signed already\. The order"):
        twin.sign(copy, key=key, role="checked", name="Li")
    with pytest.raises(ModelError, match=r"no\.key does not exist\. A private key signs\. Make one"):
        twin.sign(copy, key=copy / "no.key", role="approved", name="Li")
    with pytest.raises(ModelError, match=r"prepared\.pub is not readable as a private key"):
        twin.sign(copy, key=copy / "prepared.pub", role="approved", name="Li")
    with pytest.raises(ModelError, match=r"no\.pub does not exist\. .* Ask the signer"):
        twin.check_verdict(copy, keys=[copy / "no.pub"])
    with pytest.raises(ModelError, match=r"prepared\.key is not readable as a public key"):
        twin.check_verdict(copy, keys=[key])
    with pytest.raises(ModelError, match=r"prepared\.key exists\. .* Choose another name"):
        twin.make_keys(copy / "prepared")
    (copy / "verdict.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match=r"prepared is about another verdict\.json"):
        twin.sign(copy, key=key, role="approved", name="Li")
    (copy / BESIDE).write_text("{}\n", encoding="utf-8")
    with pytest.raises(ModelError, match="line 1 is no signature"):
        twin.sign(copy, key=key, role="approved", name="Li")
    with pytest.raises(ModelError, match="does not exist"):
        twin.sign(copy / "nowhere", key=key, role="approved", name="Li")


@needs_keys
def test_a_passphrase_locks_the_private_key(lab, tmp_path):
    twin.write_verdict(lab.judge(np.random.default_rng(7)), tmp_path)
    private, public = twin.make_keys(tmp_path / "mine", passphrase="open")
    with pytest.raises(ModelError, match="this passphrase opens"):
        twin.sign(tmp_path, key=private, role="prepared", name="Li")
    twin.sign(tmp_path, key=private, role="prepared", name="Li", passphrase="open")
    assert twin.signatures(tmp_path, keys=[public])[0].holds


def test_without_the_extra_the_seal_is_checked_and_signing_says_what_to_install(lab, tmp_path, monkeypatch):
    twin.write_verdict(lab.judge(np.random.default_rng(7)), tmp_path)
    for name in [one for one in sys.modules if one.startswith("cryptography")] + ["cryptography"]:
        monkeypatch.setitem(sys.modules, name, None)
    found = twin.check_verdict(tmp_path)
    assert all(one.holds for one in found)
    assert found[-1].text == f"none in {BESIDE}"
    (tmp_path / "a.pub").write_text("x")
    for act in (lambda: twin.make_keys(tmp_path / "a"), lambda: twin.check_verdict(tmp_path, keys=[tmp_path / "a.pub"]),
                lambda: twin.sign(tmp_path, key="a.key", role="prepared", name="Li")):  # fmt: skip
        with pytest.raises(ModelError, match=r'cryptography is not installed.*pip install "foretrial\[sign\]"'):
            act()


@needs_keys
def test_keys_and_signatures_are_made_at_the_command_line(lab, tmp_path, monkeypatch, capsys):
    from foretrial import cli

    twin.write_verdict(lab.judge(np.random.default_rng(7)), tmp_path)
    monkeypatch.chdir(tmp_path)
    for words, status in ((["key", "li"], 0), (["key", "li"], 1),
                          (["sign", "verdict.json", "--key", "li.key", "--role", "prepared", "--name", "Li"], 0),
                          (["sign", "verdict.json", "--key", "li.key", "--role", "boss", "--name", "Li"], 1),
                          (["check", ".", "--key", "li.pub"], 0), (["check", ".", "--key", "li.key"], 1)):  # fmt: skip
        monkeypatch.setattr("sys.argv", ["foretrial", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == status, words
    told = capsys.readouterr()
    assert "Li signed as prepared: verdict.intoto.jsonl" in told.out
    assert "signatures: signed: prepared; not checked; not reviewed; not approved" in told.out
    assert "li.key exists" in told.err
    assert "role 'boss' is not known" in told.err


def state_of(folder, **more):
    return next(one for one in twin.check_verdict(folder, **more) if one.what == "H4")


@needs_keys
def test_the_envelope_is_unsigned_then_lacks_roles_then_is_met_by_keys_that_are_known(copy):
    lines = (copy / BESIDE).read_bytes().splitlines(keepends=True)
    assert state_of(copy, keys=pubs(copy)).text == "met: every role, each by a key that was given"
    assert state_of(copy).text.startswith("signed in every role, by keys that were not given")
    (copy / BESIDE).write_bytes(b"".join(lines[:2]))
    assert state_of(copy, keys=pubs(copy)[:2]).text == "not met: reviewed, approved lacking"
    (copy / BESIDE).unlink()
    found = state_of(copy)
    assert found.holds  # nothing contradicts itself
    assert found.text == "unsigned: met once prepared, checked, reviewed, approved have signed"


@needs_keys
def test_the_page_tells_who_signed_and_that_it_holds_no_keys(copy):
    def told():
        text = viz.report(copy).read_text(encoding="utf-8")
        return json.loads(re.search(r'<script[^>]*id="data"[^>]*>(.*?)</script>', text, re.S).group(1))["signed"]

    assert [(one["role"], one["about"]) for one in told()] == [(role, True) for role in ROLES]
    assert told()[0]["name"] == "prepared by Li 李"
    (copy / BESIDE).write_bytes(b"not an envelope\n")
    assert told() == [{"role": "", "name": "", "at": "", "about": False}]
    (copy / BESIDE).unlink()
    assert told() == []


def test_a_file_says_of_its_own_envelope_that_it_is_checked_from_outside(lab):
    row = next(c for c in lab.judge(np.random.default_rng(7)).content["criteria"] if c["id"] == "H4")
    assert row["state"] == "not-applicable"
    assert "foretrial check --key" in row["why"]
