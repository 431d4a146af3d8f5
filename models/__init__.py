"""The nouns: what a trial, a part, a process, a requirement and a verdict are.

Numbers are SI and kelvin everywhere inside. Nothing here solves, draws, saves or calibrates.
"""

from .budget import Budget, Line
from .curve import Curve
from .digest import digest
from .errors import ForetrialError, ModelError, SolveError, TrialError
from .fit import Fit, Parameter, Start
from .grid import Block, Grid, Walls
from .history import Balance, Extreme, Frame, History, Observation, Probe
from .material import Material, Property
from .part import Part, Patch
from .process import INSULATED, Between, Body, Contact, Crossing, Exchange, Held, Process, Signal, Source, Stage
from .quantity import Quantity, quantities, substitute
from .requirement import Interest, Requirement
from .solver import Forecast, Solver
from .trial import Channel, Trial
from .verdict import Criterion, State, Verdict

__all__ = [
    "INSULATED",
    "Balance",
    "Between",
    "Block",
    "Body",
    "Budget",
    "Channel",
    "Contact",
    "Criterion",
    "Crossing",
    "Curve",
    "Exchange",
    "Extreme",
    "Fit",
    "Forecast",
    "ForetrialError",
    "Frame",
    "Grid",
    "Held",
    "History",
    "Interest",
    "Line",
    "Material",
    "ModelError",
    "Observation",
    "Parameter",
    "Part",
    "Patch",
    "Probe",
    "Process",
    "Property",
    "Quantity",
    "Requirement",
    "Signal",
    "SolveError",
    "Solver",
    "Source",
    "Stage",
    "Start",
    "State",
    "Trial",
    "TrialError",
    "Verdict",
    "Walls",
    "digest",
    "quantities",
    "substitute",
]
