"""What is asked of logged data alone: capability, reliability, what a good part takes, or a contract that is kept."""

from dataclasses import dataclass
from statistics import NormalDist

from .account import PER_GOOD, Account
from .contract import Contract
from .errors import ModelError, did_you_mean

INDICES = ("Cp", "Cpk", "Pp", "Ppk")
LIVES = ("reliability", "B10")
MEASURED = (*INDICES, *LIVES, *PER_GOOD, "findings")
METHODS = {"Cp": ("normal",), "Cpk": ("normal",), "Pp": ("normal",), "Ppk": ("normal", "distribution-free"),
           "reliability": ("weibull", "weibayes", "binomial"), "B10": ("weibull", "weibayes"),
           **{statistic: ("Jeffreys",) for statistic in PER_GOOD}, "findings": ("contract",)}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One number out of logged data: no run is made for it.

    Attributes
    ----------
    statistic : str
        "Cp", "Cpk" (scatter within subgroups), "Pp", "Ppk" (scatter of all parts together); "reliability" at `at`,
        "B10" the life that a tenth does not reach; "cost per good part", "energy per good part" (specific energy
        consumption) and "CO2e per good part" (carbon footprint) by an account; "findings", how often a log departs from
        its contract.
    characteristic : str
        Channel with one reading a part, in the order in which the parts were made, or with one life a unit; of an
        account, good parts: their number in a batch, or 1 and 0.
    unit : str
        SI symbol of the number asked for: that of the life for "B10", the account's currency, J or kg, else "1".
    confidence : float
        Of the one-sided bound that decides.
    method : str
        First of its kind where left out: "normal" or, of Ppk, "distribution-free"; "weibull", "weibayes" (the shape
        is given) or "binomial" (what failed up to `at`, whatever the law); of an account "Jeffreys" (its yield).
    specification : (float or None, float or None)
        Lower and upper limit of the characteristic, in its SI unit; None where there is none.
    subgroups : str
        Channel that numbers the subgroups, equal for parts made under the same conditions; empty: each part alone.
    gauge : float
        Standard deviation of the measuring system in the characteristic's unit.
    gauge_is : str
        "kept": the readings hold it and the index is of what is read; "removed": taken out, the index is of the parts;
        "added": the readings do not hold it (another gauge will be used), the index is of what will be read.
    at : float or None
        Of "reliability": the mission, in the unit of the life.
    shape : float or None
        Of "weibayes": the Weibull shape, known from elsewhere.
    censored, until : str
        Channels beside the lives: 1 where the unit had not failed when it was taken off; the later end of the interval
        in which it failed. Empty: none.
    contract : Contract or None
        Of "findings".
    account : Account or None
        Of what a good part takes.
    """

    statistic: str
    characteristic: str = ""
    unit: str = "1"
    confidence: float = 0.95
    method: str = ""
    specification: tuple[float | None, float | None] = (None, None)
    subgroups: str = ""
    gauge: float = 0.0
    gauge_is: str = "kept"
    at: float | None = None
    shape: float | None = None
    censored: str = ""
    until: str = ""
    contract: Contract | None = None
    account: Account | None = None

    def __post_init__(self) -> None:
        if self.statistic not in MEASURED:
            raise ModelError(
                f"statistic '{self.statistic}' is not known. {did_you_mean(self.statistic, MEASURED)} "
                f"Choose one of {', '.join(MEASURED)}."
            )
        known = METHODS[self.statistic]
        if not self.method:
            object.__setattr__(self, "method", known[0])
        if self.method not in known:
            raise ModelError(
                f"{self.statistic} by method '{self.method}' is not known. {did_you_mean(self.method, known)} "
                f"Choose one of {', '.join(known)}."
            )
        if not 0.5 < self.confidence < 1.0:
            raise ModelError(
                f"confidence = {self.confidence:g} cannot carry a decision. It lies between 0.5 and 1. Give 0.95, say."
            )
        if self.gauge_is not in ("kept", "removed", "added") or self.gauge < 0.0:
            raise ModelError(
                f"a gauge of {self.gauge:g} that is '{self.gauge_is}' is not defined. Its standard deviation is >= 0, "
                "and it is 'kept', 'removed' or 'added'. Correct them."
            )
        self._refuse_halves()

    def _refuse_halves(self) -> None:
        """A ModelError where the statistic lacks what it is made from."""
        low, high = self.specification
        if self.statistic in INDICES:
            both = low is not None and high is not None
            if (low is None and high is None) or (self.statistic in ("Cp", "Pp") and not both):
                raise ModelError(
                    f"{self.statistic} of '{self.characteristic}' has limits {low} and {high}. An index needs one, "
                    "Cp and Pp need both. Give specification=(lower, upper)."
                )
            if low is not None and high is not None and not low < high:
                raise ModelError(
                    f"the lower limit {low:g} of '{self.characteristic}' is not below the upper {high:g}. "
                    "The specification runs from low to high. Swap the two."
                )
        if self.statistic == "reliability" and (self.at is None or not self.at > 0.0):
            raise ModelError(
                f"reliability at {self.at} is not defined. It is asked at a life above 0. Give at=... in its SI unit."
            )
        if (self.method == "weibayes") != (self.shape is not None) or (self.shape is not None and not self.shape > 0.0):
            raise ModelError(
                f"method '{self.method}' with shape {self.shape} is not defined. Weibayes needs a shape above 0, the "
                "others find their own. Give shape=... with method='weibayes'."
            )
        if (self.statistic == "findings") != (self.contract is not None):
            raise ModelError(
                f"{self.statistic} with contract {self.contract and self.contract.name} is not defined. Findings are "
                "departures from a contract, other statistics have none. Give contract=... with statistic='findings'."
            )
        self._refuse_accounts()
        if (self.statistic == "findings") == bool(self.characteristic):
            raise ModelError(
                f"{self.statistic} of '{self.characteristic}' is not defined. Findings are of a whole log, all else of "
                "one channel. Name the channel as characteristic, or leave it out."
            )

    def _refuse_accounts(self) -> None:
        """A ModelError where what a good part takes has no account, or one that does not count it."""
        if (self.statistic in PER_GOOD) != (self.account is not None):
            raise ModelError(
                f"{self.statistic} with {'an' if self.account else 'no'} account is not defined. What a good part "
                f"takes has one, others have none. Give account=Account(...) with one of {', '.join(PER_GOOD)}."
            )
        if self.account is None:
            return
        unit = self.account.unit(self.statistic)
        if not unit:
            lacks = {"cost per good part": "a price, or is money", "energy per good part": "energy, or is in J"}
            names = ", ".join(f.name for f in self.account.flows)
            raise ModelError(
                f"{self.statistic}: none of the flows {names} counts in it. One or more has "
                f"{lacks.get(self.statistic, 'an emission factor')}. State it for each flow that matters."
            )
        if self.unit != unit:
            raise ModelError(
                f"{self.statistic} in '{self.unit}' is not what this account counts. It is in {unit}. "
                f"Say unit='{unit}'."
            )

    @property
    def coverage(self) -> float:
        """Coverage factor whose one-sided normal bound has this confidence."""
        return NormalDist().inv_cdf(self.confidence)
