"""Signatures on a verdict: who prepared, checked, reviewed and approved it, each in an envelope that anyone can check.

They lie beside verdict.json in verdict.intoto.jsonl: one DSSE envelope a line, its payload an in-toto statement about
the SHA-256 of verdict.json, its predicate naming role, person, time and the SHA-256 of the line before. Ed25519.
"""

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..models import ModelError
from ..models.errors import did_you_mean
from ..models.verdict import canonical
from .sealed import sealed

ROLES = ("prepared", "checked", "reviewed", "approved")
ROLES_ZH = {"prepared": "编制", "checked": "校核", "reviewed": "审核", "approved": "批准"}
BESIDE = "verdict.intoto.jsonl"
PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "foretrial.signature/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature, and what was found of it.

    Attributes
    ----------
    role, name, at : str
        One of the four roles, whose name is under it, and its time by the signer's clock, ISO 8601.
    key : str
        SHA-256 of the public key.
    holds : bool
        Whether the envelope is whole, in its place, about this verdict.json, and signed by one of the keys given.
    known : bool
        Whether one of the keys given is its key; False too where none was given.
    text : str
    """

    role: str
    name: str
    at: str
    key: str
    holds: bool
    known: bool
    text: str


def make_keys(path: Path | str, *, passphrase: str = "") -> tuple[Path, Path]:
    """A new key pair: NAME.key, which stays with its owner, and NAME.pub, which goes to whoever checks.

    Parameters
    ----------
    path : Path or str
        Of both files, without their endings.
    passphrase : str
        Encrypts the private key; none where empty.

    Returns
    -------
    (Path, Path)
        Private and public key, PEM.

    Raises
    ------
    ModelError
        If a key is there already, or the extra `sign` is not installed.
    """
    keys, form = _door("make a key")
    path = Path(path)
    private, public = path.with_name(path.name + ".key"), path.with_name(path.name + ".pub")
    for file in (private, public):
        if file.exists():
            raise ModelError(
                f"{file} exists. A key that is overwritten can sign no more, nor be checked. Choose another name."
            )
    made = keys.Ed25519PrivateKey.generate()
    locked = form.BestAvailableEncryption(passphrase.encode()) if passphrase else form.NoEncryption()
    text = made.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, locked)
    with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(text)
    public.write_bytes(made.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo))
    return private, public


def sign(verdict: Path | str, *, key: Path | str, role: str, name: str, note: str = "", passphrase: str = "",
         at: str = "") -> Path:  # fmt: skip
    """Put a signature beside a verdict.

    Parameters
    ----------
    verdict : Path or str
        verdict.json, or its folder.
    key : Path or str
        Private key, PEM, Ed25519.
    role : str
        "prepared", "checked", "reviewed" or "approved"; later than those that have signed.
    name : str
        Whose signature it is.
    note : str
        A remark that is signed with it.
    at : str
        ISO 8601 time; now where left out.

    Returns
    -------
    Path
        Of verdict.intoto.jsonl.

    Raises
    ------
    ModelError
        If the role is unknown, has signed or comes too late, a signature there is about another verdict, the key
        cannot be read, or the extra `sign` is not installed.

    References
    ----------
    DSSE v1 (secure-systems-lab/dsse), protocol.md; in-toto Attestation Framework, Statement v1.
    """
    file = _verdict(verdict)
    if role not in ROLES:
        raise ModelError(f"role '{role}' is not known. {did_you_mean(role, ROLES)} Sign as one of {', '.join(ROLES)}.")
    if not name.strip():
        raise ModelError("a signature without a name is nobody's. It says who signs. Give name='...'.")
    own = _private(Path(key), passphrase)
    mark = _sha(file.read_bytes())
    there = file.with_name(BESIDE)
    lines = _lines(there)
    for line in lines:
        before = _statement(line)
        if before["subject"][0]["digest"]["sha256"] != mark:
            raise ModelError(
                f"{there.name}: {before['predicate']['role']} is about another verdict.json "
                f"({before['subject'][0]['digest']['sha256'][:12]}, this one is {mark[:12]}). Signatures of one file "
                "belong to one verdict. Restore that verdict, or take the old signatures away."
            )
        if ROLES.index(before["predicate"]["role"]) >= ROLES.index(role):
            raise ModelError(
                f"role '{role}' comes too late: '{before['predicate']['role']}' has signed already. The order is "
                f"{', '.join(ROLES)}. Sign as a later role, or begin anew with a new verdict."
            )
    payload = canonical({
        "_type": STATEMENT, "subject": [{"name": file.name, "digest": {"sha256": mark}}], "predicateType": PREDICATE,
        "predicate": {"role": role, "name": name.strip(), "note": note, "previous": _sha(lines[-1]) if lines else "",
                      "at": at or datetime.now(UTC).isoformat(timespec="seconds")}}).encode()  # fmt: skip
    envelope = canonical({"payloadType": PAYLOAD, "payload": base64.b64encode(payload).decode(), "signatures": [
        {"keyid": _key_mark(own.public_key()),
         "sig": base64.b64encode(own.sign(_pae(payload))).decode()}]}).encode()  # fmt: skip
    with sealed(there) as partial:
        partial.write_bytes(b"".join(line + b"\n" for line in [*lines, envelope]))
    return there


def signatures(verdict: Path | str, *, keys: Sequence[Path | str] = ()) -> tuple[Signature, ...]:
    """What the signatures beside a verdict are worth; none where there are none.

    Parameters
    ----------
    verdict : Path or str
        verdict.json, or its folder.
    keys : sequence of Path or str
        Public keys that are trusted. Without any, form and order are looked at, and no signature is known.

    Raises
    ------
    ModelError
        If a key cannot be read, or keys are given and the extra `sign` is not installed.
    """
    file = _verdict(verdict)
    known = {_key_mark(one): one for one in map(_public, map(Path, keys))}
    there = file.with_name(BESIDE)
    if not there.exists():
        return ()
    found: list[Signature] = []
    mark, previous, last = _sha(file.read_bytes()), "", -1
    raw = there.read_bytes()
    rows = raw.split(b"\n")
    for number, line in enumerate(rows[:-1] if rows[-1] == b"" else rows):
        one = _judged(line, mark, previous, last, known)
        if rows[-1] != b"" and number == len(rows) - 1:
            one = _broken(f"line {number + 1} has no end", one.role)
        twice = [before.role for before in found if before.key and before.key == one.key]
        if one.holds and twice:
            one = replace(one, text=f"{one.text}; the same key as {twice[0]}")
        found.append(one)
        previous, last = _sha(line), ROLES.index(one.role) if one.role in ROLES else last
    return tuple(found) or (_broken("holds no signature"),)


def _judged(line: bytes, mark: str, previous: str, last: int, known: dict[str, Any]) -> Signature:
    try:
        statement = _statement(line)
        envelope = json.loads(line)
        said, subject = statement["predicate"], statement["subject"][0]
        role, name, at = str(said["role"]), str(said["name"]), str(said["at"])
        [signed] = envelope["signatures"]
        mine, sig = str(signed["keyid"]), base64.b64decode(signed["sig"], validate=True)
        payload = base64.b64decode(envelope["payload"], validate=True)
        whole = (canonical(envelope).encode() == line and base64.b64encode(sig).decode() == signed["sig"]
                 and base64.b64encode(payload).decode() == envelope["payload"])  # fmt: skip
        troubles = [text for bad, text in (
            (not whole or envelope["payloadType"] != PAYLOAD, "is not as it was written"),
            (role not in ROLES or statement["predicateType"] != PREDICATE, f"names an unknown role '{role}'"),
            (subject["digest"]["sha256"] != mark, "is about another verdict.json"),
            (said["previous"] != previous, "does not follow the signature before it"),
            (role in ROLES and ROLES.index(role) <= last, f"'{role}' stands after a later role"),
        ) if bad]  # fmt: skip
    except (ValueError, KeyError, TypeError, IndexError) as cause:
        return _broken(f"cannot be read ({type(cause).__name__})")
    who = f"{role} {ROLES_ZH.get(role, '')} {name}, {at}, key {mine[:12]}"
    if mine in known and not _verifies(known[mine], sig, payload):
        troubles.append("is not by this key")
    if known and mine not in known:
        troubles.append("is by none of the keys given")
    seen = mine in known
    told = "; ".join(troubles) or ("signed" if seen else "not verified: no key was given")
    return Signature(role=role, name=name, at=at, key=mine, holds=not troubles, known=seen, text=f"{who}: {told}")


def _broken(text: str, role: str = "") -> Signature:
    return Signature(role=role, name="", at="", key="", holds=False, known=False, text=text)


def _verifies(key: Any, sig: bytes, payload: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(sig, _pae(payload))
    except InvalidSignature:
        return False
    return True


def _pae(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is signed."""
    kind = PAYLOAD.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def _statement(line: bytes) -> dict[str, Any]:
    found = json.loads(base64.b64decode(json.loads(line)["payload"], validate=True))
    if found["_type"] != STATEMENT:
        raise ValueError(found["_type"])
    return dict(found)


def _lines(there: Path) -> list[bytes]:
    """The envelopes that are there, as they were written."""
    lines = there.read_bytes().splitlines() if there.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            if _statement(line)["predicate"]["role"] not in ROLES:
                raise ValueError("role")
        except (ValueError, KeyError, TypeError) as cause:
            raise ModelError(
                f"{there.name}: line {number} is no signature ({type(cause).__name__}). Each line is a DSSE envelope. "
                "Restore the file, or take it away and sign anew."
            ) from cause
    return lines


def _verdict(path: Path | str) -> Path:
    file = Path(path)
    file = file / "verdict.json" if file.is_dir() else file
    if not file.is_file():
        raise ModelError(f"{file} does not exist. A verdict.json is needed. Give its path or its folder.")
    return file


def _private(path: Path, passphrase: str) -> Any:
    keys, form = _door("sign")
    try:
        key = form.load_pem_private_key(path.read_bytes(), passphrase.encode() or None)
    except FileNotFoundError as cause:
        raise ModelError(f"{path} does not exist. A private key signs. Make one: foretrial key NAME.") from cause
    except (ValueError, TypeError) as cause:
        raise ModelError(
            f"{path} is not readable as a private key: {cause}. A PEM file that this passphrase opens is. "
            "Give the .key file, and its passphrase where it has one."
        ) from cause
    if not isinstance(key, keys.Ed25519PrivateKey):
        raise ModelError(
            f"{path} holds a {type(key).__name__}. Verdicts are signed by Ed25519. Make a key: foretrial key NAME."
        )
    return key


def _public(path: Path) -> Any:
    keys, form = _door("check a signature")
    try:
        key = form.load_pem_public_key(path.read_bytes())
    except FileNotFoundError as cause:
        raise ModelError(f"{path} does not exist. A public key checks. Ask the signer for the .pub file.") from cause
    except ValueError as cause:
        raise ModelError(
            f"{path} is not readable as a public key: {cause}. A PEM file is, such as foretrial key writes. "
            "Give the signer's .pub file."
        ) from cause
    if not isinstance(key, keys.Ed25519PublicKey):
        raise ModelError(f"{path} holds a {type(key).__name__}. Verdicts are signed by Ed25519. Give the .pub file.")
    return key


def _key_mark(key: Any) -> str:
    return _sha(key.public_bytes_raw())


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _door(what: str) -> tuple[Any, Any]:
    """The two modules of cryptography that are used; it is an extra."""
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ModuleNotFoundError as cause:
        raise ModelError(
            f"cryptography is not installed, and to {what} it is needed. Hashes and decision are checked without it. "
            'Install it: pip install "foretrial[sign]"'
        ) from cause
    return ed25519, serialization
