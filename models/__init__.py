"""The nouns: what a trial, a part, a process, a requirement and a verdict are.

Numbers are SI and kelvin everywhere inside. Nothing here solves, draws, saves or calibrates.
"""

from .account import Account, Flow
from .beam import Ellipsoid, Spot, Track
from .budget import Budget, Line
from .checkpoint import Checkpoint
from .contact import Contact, Gap, Pressed
from .contract import Clause, Contract, Pair, read_contract
from .curve import Curve
from .deposit import Deposit, layers
from .digest import digest
from .enclosure import Enclosure
from .errors import Cancelled, ForetrialError, ModelError, SolveError, SurfaceError, TrialError
from .fit import Fit, Parameter, Start
from .grid import Block, Grid, Walls
from .history import Balance, Extreme, Frame, History, Observation, Probe
from .material import Latent, Material, Property
from .measured import Measured
from .part import Part
from .patch import Patch
from .process import (
    INSULATED,
    PERIODIC,
    SYMMETRIC,
    Between,
    Body,
    Crossing,
    Exchange,
    Held,
    Periodic,
    Process,
    Source,
    Stage,
)
from .quantity import Quantity, quantities, substitute
from .requirement import Interest, Requirement
from .signals import Controller, Profile, Signal
from .solver import Forecast, Solver
from .surface import Surface
from .trial import Channel, Trial
from .verdict import Criterion, State, Verdict

__all__ = [
    "INSULATED",
    "PERIODIC",
    "SYMMETRIC",
    "Account",
    "Balance",
    "Between",
    "Block",
    "Body",
    "Budget",
    "Cancelled",
    "Channel",
    "Checkpoint",
    "Clause",
    "Contact",
    "Contract",
    "Controller",
    "Criterion",
    "Crossing",
    "Curve",
    "Deposit",
    "Ellipsoid",
    "Enclosure",
    "Exchange",
    "Extreme",
    "Fit",
    "Flow",
    "Forecast",
    "ForetrialError",
    "Frame",
    "Gap",
    "Grid",
    "Held",
    "History",
    "Interest",
    "Latent",
    "Line",
    "Material",
    "Measured",
    "ModelError",
    "Observation",
    "Pair",
    "Parameter",
    "Part",
    "Patch",
    "Periodic",
    "Pressed",
    "Probe",
    "Process",
    "Profile",
    "Property",
    "Quantity",
    "Requirement",
    "Signal",
    "SolveError",
    "Solver",
    "Source",
    "Spot",
    "Stage",
    "Start",
    "State",
    "Surface",
    "SurfaceError",
    "Track",
    "Trial",
    "TrialError",
    "Verdict",
    "Walls",
    "digest",
    "layers",
    "quantities",
    "read_contract",
    "substitute",
]
