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
from .elastic import Elastic, Orthotropic, Ply, Yield
from .enclosure import Enclosure
from .errors import Cancelled, ForetrialError, ModelError, SolveError, SurfaceError, TrialError
from .fit import Fit, Lack, Parameter, Start
from .gauge import BucklingFactor, Frequency, Gauge, Linearised, Peak, Reaction, Reading, Safety
from .grid import Block, Grid, Walls
from .history import Balance, Extreme, Frame, History, Observation, Probe
from .hotspot import HotSpot
from .load import SYMMETRY, Fixed, Force, LoadCase, Mapped, Pressure, Rest, Rotation, Sliding, Spring, Traction
from .material import Latent, Material, Property
from .measured import Measured
from .part import Part
from .patch import Patch
from .path import LoadPath
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
from .structure import Member, Structure
from .surface import Surface
from .trial import Channel, Trial
from .verdict import Criterion, State, Verdict

__all__ = [
    "INSULATED",
    "PERIODIC",
    "SYMMETRIC",
    "SYMMETRY",
    "Account",
    "Balance",
    "Between",
    "Block",
    "Body",
    "BucklingFactor",
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
    "Elastic",
    "Ellipsoid",
    "Enclosure",
    "Exchange",
    "Extreme",
    "Fit",
    "Fixed",
    "Flow",
    "Force",
    "Forecast",
    "ForetrialError",
    "Frame",
    "Frequency",
    "Gap",
    "Gauge",
    "Grid",
    "Held",
    "History",
    "HotSpot",
    "Interest",
    "Lack",
    "Latent",
    "Line",
    "Linearised",
    "LoadCase",
    "LoadPath",
    "Mapped",
    "Material",
    "Measured",
    "Member",
    "ModelError",
    "Observation",
    "Orthotropic",
    "Pair",
    "Parameter",
    "Part",
    "Patch",
    "Peak",
    "Periodic",
    "Ply",
    "Pressed",
    "Pressure",
    "Probe",
    "Process",
    "Profile",
    "Property",
    "Quantity",
    "Reaction",
    "Reading",
    "Requirement",
    "Rest",
    "Rotation",
    "Safety",
    "Signal",
    "Sliding",
    "SolveError",
    "Solver",
    "Source",
    "Spot",
    "Spring",
    "Stage",
    "Start",
    "State",
    "Structure",
    "Surface",
    "SurfaceError",
    "Track",
    "Traction",
    "Trial",
    "TrialError",
    "Verdict",
    "Walls",
    "Yield",
    "digest",
    "layers",
    "quantities",
    "read_contract",
    "substitute",
]
