"""What a sidecar says of gain, drift, leads, clock, range and use of a channel, as the channel holds it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..models import Quantity, TrialError

RESPONSE = ("gain", "gain_std", "gain_about", "drift", "drift_std", "stem", "stem_std", "stem_to", "clock", "clock_std",
            "logger", "limits", "use", "reason")  # fmt: skip


def response(own: Mapping[str, Any], where: str, si: str, measure: Callable[..., float],
             factor: Callable[[str, str, str], tuple[float, float]]) -> dict[str, Any]:  # fmt: skip
    """Fields of a Channel from the keys of `RESPONSE` among `own`.

    Parameters
    ----------
    where : str
        What a message calls the channel.
    si : str
        The channel's SI unit.
    measure, factor : callable
        The sidecar's own readers of a number with its unit.

    Raises
    ------
    TrialError
        If a number has no unit, a standard uncertainty is negative, or a channel is left out without a reason.
    """
    found: dict[str, Any] = {}
    group = own.get("logger", "")
    if not isinstance(group, str):
        raise TrialError(f"{where}: logger = {group!r} is no name. Channels of one logger name it alike. Write a text.")
    for key, unit, middle in (("gain", "1", 1.0), ("drift", f"{si}/s", 0.0), ("stem", "1", 0.0), ("clock", "s", 0.0)):
        if key in own or f"{key}_std" in own:
            value = measure(own[key], f"{where}: {key}", unit, step=True) if key in own else middle
            std = measure(own[f"{key}_std"], f"{where}: {key}_std", unit, step=True) if f"{key}_std" in own else 0.0
            if std < 0.0:
                raise TrialError(f"{where}: {key}_std is negative, {std:g} {unit}. It is 0 or more. Correct its sign.")
            found[key] = Quantity(value=value, unit=unit, std=std, group=group if key == "clock" else "")
    if "stem" in found and "stem_to" not in own:
        raise TrialError(
            f"{where} states a stem error and not where its heat goes. Leads end at a temperature. "
            'Add stem_to = [25, "degC"].'
        )
    for key, name in (("gain_about", "pivot"), ("stem_to", "stem_to")):
        if key in own:
            found[name] = measure(own[key], f"{where}: {key}", si)
    if "limits" in own:
        found["limits"] = _limits(own["limits"], where, si, factor)
    found |= _use(own, where)
    return found


def named_response(given: Mapping[str, Any], label: str, source: str) -> dict[str, Any]:
    """The same fields, their quantities named "gain of trial/channel" and so on, so that they can be set free."""
    return {key: replace(one, name=f"{key} of {label}", source=source) if isinstance(one, Quantity) else one
            for key, one in given.items()}  # fmt: skip


def _limits(
    given: Any, where: str, si: str, factor: Callable[[str, str, str], tuple[float, float]]
) -> tuple[float, float]:
    fits = isinstance(given, list) and len(given) == 3 and isinstance(given[2], str)
    if not fits or any(isinstance(x, bool) or not isinstance(x, (int, float)) for x in given[:2]):
        raise TrialError(
            f"{where}: limits = {given!r} is not two numbers and their unit. They are the ends of the range. "
            'Write it as [-200, 400, "degC"].'
        )
    scale, offset = factor(given[2], si, where)
    return scale * float(given[0]) + offset, scale * float(given[1]) + offset


def _use(own: Mapping[str, Any], where: str) -> dict[str, str]:
    use, reason = own.get("use", True), own.get("reason", "")
    if not isinstance(use, bool) or not isinstance(reason, str):
        raise TrialError(
            f"{where}: use = {use!r}, reason = {reason!r}. use is true or false, reason a text. Correct them."
        )
    if use and reason:
        raise TrialError(
            f"{where}: a reason, '{reason}', stands beside a channel in use. It says why one is left out. "
            "Write use = false, or drop the reason."
        )
    if not use and not reason.strip():
        raise TrialError(
            f"{where}: use = false without a reason. No channel is dropped silently. "
            'Add reason = "open circuit from 340 s on", or whatever it is.'
        )
    return {} if use else {"unused": reason}
