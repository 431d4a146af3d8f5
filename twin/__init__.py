"""The verbs of trust: read a trial, calibrate, validate, verify and keep the ledger."""

from .assess import Evidence
from .budget import Prediction, budget, predict
from .calibrate import calibrate
from .chain import Record
from .check import Finding
from .check import check as check_verdict
from .consider import consider
from .content import content_of
from .crossed import crossed
from .decide import Decision, decide
from .domain import Domain, domain, similarity
from .faults import Fault, faults
from .form import Form, judge
from .freeze import freeze, frozen_before
from .importing import import_csv
from .live import LiveLog, News, consolidate, follow
from .logs import add_log, read
from .morris import Screening, morris
from .observe import observe, observe_tangent, synthetic
from .pedigree import pedigree
from .plate import facing
from .problem import Experiment, Problem, pose
from .refine import Refinement, refine
from .repair import Repair, repair
from .sensitivity import screen, sensitivity
from .sensor import stem
from .sign import Signature, make_keys, sign, signatures
from .sobol import Function, Sensitivity, one_by_one, sobol
from .store import add, append_record, check, correct, names, raw_file, records, write
from .study import Study, Tell, conclude, fit_of, fitted, foresee, picture, silent, write_verdict
from .tree import Carried, Node, Tree, carry, write_carried
from .treefile import read_tree, write_tree
from .validate import Point, Validation, compare, validate
from .verify import verify

__all__ = [
    "Carried",
    "Decision",
    "Domain",
    "Evidence",
    "Experiment",
    "Fault",
    "Finding",
    "Form",
    "Function",
    "LiveLog",
    "News",
    "Node",
    "Point",
    "Prediction",
    "Problem",
    "Record",
    "Refinement",
    "Repair",
    "Screening",
    "Sensitivity",
    "Signature",
    "Study",
    "Tell",
    "Tree",
    "Validation",
    "add",
    "add_log",
    "append_record",
    "budget",
    "calibrate",
    "carry",
    "check",
    "check_verdict",
    "compare",
    "conclude",
    "consider",
    "consolidate",
    "content_of",
    "correct",
    "crossed",
    "decide",
    "domain",
    "facing",
    "faults",
    "fit_of",
    "fitted",
    "follow",
    "foresee",
    "freeze",
    "frozen_before",
    "import_csv",
    "judge",
    "make_keys",
    "morris",
    "names",
    "observe",
    "observe_tangent",
    "one_by_one",
    "pedigree",
    "picture",
    "pose",
    "predict",
    "raw_file",
    "read",
    "read_tree",
    "records",
    "refine",
    "repair",
    "screen",
    "sensitivity",
    "sign",
    "signatures",
    "silent",
    "similarity",
    "sobol",
    "stem",
    "synthetic",
    "validate",
    "verify",
    "write",
    "write_carried",
    "write_tree",
    "write_verdict",
]  # fmt: skip
