"""The verbs of trust: read a trial, calibrate, validate, verify and keep the ledger."""

from .answer import Outcome
from .apart import Apart, apart
from .assess import Evidence
from .breaking import Breaking, breaking
from .budget import Prediction, budget, predict, predict_each
from .calibrate import calibrate
from .capability import Capability, capability, index_bounds, parts_to_settle
from .chain import Record
from .check import Finding
from .check import check as check_verdict
from .consider import consider
from .content import content_of
from .contract import Departure, audit
from .crossed import crossed, mistaken
from .decide import Decision, decide
from .decided import measured
from .design import next_trial
from .discrepancy import Discrepancy, discrepancy
from .domain import Domain, domain, similarity
from .economy import batches_to_settle, costing, per_good
from .ensemble import Ensemble, ensemble
from .faults import Fault, faults
from .form import Form, judge
from .freeze import freeze, frozen_before
from .importing import import_csv
from .inverse import Knots, Recovered, recover
from .kalman import Belief, Filtered, StateSpace, kalman, most_likely, smooth, unknown
from .ledger import Ledger, Run, Tally
from .live import LiveLog, News, consolidate, follow
from .logs import add_log, import_log, read
from .lot import Lot, read_lot
from .morris import Screening, morris
from .observe import observe, observe_tangent, synthetic
from .outcome import outcome
from .pedigree import pedigree
from .plan import Gain, Goal, NextTrial, Plan, Sensor
from .plate import facing
from .point import Point
from .posterior import Posterior, posterior
from .problem import Experiment, Problem, pose
from .profile import Profile, profile
from .refine import Refinement, refine, refine_each
from .release import Release, release, restored
from .reliability import (
    Bounded,
    Lives,
    Weibull,
    binomial,
    life_of,
    lives,
    parameter_bounds,
    reliability_at,
    units_needed,
    weibayes,
    weibull,
)
from .repair import Repair, repair
from .risk import Risks, risks
from .sensitivity import screen, sensitivity
from .sensor import stem
from .sign import Signature, make_keys, sign, signatures
from .smoother import Smoothed, es_mda
from .sobol import Function, Sensitivity, one_by_one, sobol
from .stability import Stability, stability
from .store import add, append_record, check, correct, names, raw_file, records, write
from .studies import contents
from .study import (
    Question,
    Study,
    Tell,
    conclude,
    conclude_each,
    fit_of,
    fitted,
    foresee,
    foresee_each,
    picture,
    silent,
    write_verdict,
)
from .tree import Carried, Node, Tree, carry, write_carried
from .treefile import read_tree, write_tree
from .validate import Validation, compare, validate
from .verify import verify

__all__ = [
    "Apart",
    "Belief",
    "Bounded",
    "Breaking",
    "Capability",
    "Carried",
    "Decision",
    "Departure",
    "Discrepancy",
    "Domain",
    "Ensemble",
    "Evidence",
    "Experiment",
    "Fault",
    "Filtered",
    "Finding",
    "Form",
    "Function",
    "Gain",
    "Goal",
    "Knots",
    "Ledger",
    "LiveLog",
    "Lives",
    "Lot",
    "News",
    "NextTrial",
    "Node",
    "Outcome",
    "Plan",
    "Point",
    "Posterior",
    "Prediction",
    "Problem",
    "Profile",
    "Question",
    "Record",
    "Recovered",
    "Refinement",
    "Release",
    "Repair",
    "Risks",
    "Run",
    "Screening",
    "Sensitivity",
    "Sensor",
    "Signature",
    "Smoothed",
    "Stability",
    "StateSpace",
    "Study",
    "Tally",
    "Tell",
    "Tree",
    "Validation",
    "Weibull",
    "add",
    "add_log",
    "apart",
    "append_record",
    "audit",
    "batches_to_settle",
    "binomial",
    "breaking",
    "budget",
    "calibrate",
    "capability",
    "carry",
    "check",
    "check_verdict",
    "compare",
    "conclude",
    "conclude_each",
    "consider",
    "consolidate",
    "content_of",
    "contents",
    "correct",
    "costing",
    "crossed",
    "decide",
    "discrepancy",
    "domain",
    "ensemble",
    "es_mda",
    "facing",
    "faults",
    "fit_of",
    "fitted",
    "follow",
    "foresee",
    "foresee_each",
    "freeze",
    "frozen_before",
    "import_csv",
    "import_log",
    "index_bounds",
    "judge",
    "kalman",
    "life_of",
    "lives",
    "make_keys",
    "measured",
    "mistaken",
    "morris",
    "most_likely",
    "names",
    "next_trial",
    "observe",
    "observe_tangent",
    "one_by_one",
    "outcome",
    "parameter_bounds",
    "parts_to_settle",
    "pedigree",
    "per_good",
    "picture",
    "pose",
    "posterior",
    "predict",
    "predict_each",
    "profile",
    "raw_file",
    "read",
    "read_lot",
    "read_tree",
    "records",
    "recover",
    "refine",
    "refine_each",
    "release",
    "reliability_at",
    "repair",
    "restored",
    "risks",
    "screen",
    "sensitivity",
    "sign",
    "signatures",
    "silent",
    "similarity",
    "smooth",
    "sobol",
    "stability",
    "stem",
    "synthetic",
    "units_needed",
    "unknown",
    "validate",
    "verify",
    "weibayes",
    "weibull",
    "write",
    "write_carried",
    "write_tree",
    "write_verdict",
]  # fmt: skip
