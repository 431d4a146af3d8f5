"""Plausible studies and logged data beside a sample verdict, made from formulas and seeds: synthetic."""

import numpy as np
from sample import both, content


def profile(name, unit, best, std, active=(), opened=(False, False)):
    """A curve of sums of squares about a best value, a little lopsided."""
    z = np.linspace(-2.6, 2.6, 9)
    rises = z**2 * (1.0 + 0.12 * z)
    ends = [best - 1.96 * std, best + 1.96 * std]
    return {"name": name, "unit": unit, "values": (best + std * z).tolist(), "rises": rises.tolist(),
            "active": [list(active) if k >= 7 else [] for k in range(9)], "level": 0.95, "threshold": 3.84,
            "interval": ends, "open": list(opened), "laplace": ends, "runs": 20,
            "words": [both(f"{name}: {ends[0]:.4g} to {ends[1]:.4g} (95% by profile).",
                           f"{name} 的剖面似然区间。")]}  # fmt: skip


def posterior(converged=True):
    """Three parameters that trade against each other, as histograms."""
    rng = np.random.default_rng(3)
    mean, std = np.array([24.6, 0.66, 30.0]), np.array([1.4, 0.021, 4.0])
    cor = np.array([[1.0, -0.82, 0.1], [-0.82, 1.0, 0.2], [0.1, 0.2, 1.0]])
    draws = mean + rng.multivariate_normal(np.zeros(3), cor, size=8000) * std
    names = (("film", "W/(m2.K)"), ("effective emissivity", "1"), ("lag of TC-A-web", "s"))
    rows, pairs = [], []
    for i, (name, unit) in enumerate(names):
        counts, edges = np.histogram(draws[:, i], bins=40)
        rows.append({"name": name, "unit": unit, "mean": float(draws[:, i].mean()), "std": float(draws[:, i].std()),
                     "interval": np.quantile(draws[:, i], [0.025, 0.975]).tolist(), "edges": edges.tolist(),
                     "counts": counts.tolist(), "rhat": 1.002, "ess": 5200.0})  # fmt: skip
        for j in range(i):
            held, y, x = np.histogram2d(draws[:, i], draws[:, j], bins=24)
            pairs.append({"of": [j, i], "x": [x[0], x[-1]], "y": [y[0], y[-1]], "counts": held.astype(int).tolist()})
    return {"method": "stand-in", "converged": converged, "runs": 41, "tangents": 6, "mismatch": 0.04, "draws": 8000,
            "parameters": rows, "pairs": pairs, "failures": ["run at film = 90: the step went to 0"],
            "words": [both("47 solver calls; 32 chains.", "共调用求解器 47 次；32 条链。")]}  # fmt: skip


def sensitivity(failed=12, where=("film",)):
    """Indices of eight inputs with intervals and, where runs failed, bounds."""
    names = ["film", "effective emissivity", "specific heat of steel", "model form", *(f"start at {s}" for s in "ABCD")]
    first = 0.45 * 0.55 ** np.arange(8)
    rows = [{"name": n, "first": f, "total": 1.15 * f, "first_interval": [0.9 * f - 0.01, 1.1 * f + 0.01],
             "total_interval": [1.03 * f, 1.3 * f + 0.01], "first_bounds": [0.6 * f - 0.03, 1.3 * f + 0.04],
             "total_bounds": [0.8 * f, 1.7 * f + 0.05]}
            for n, f in zip(names, first.tolist(), strict=True)]  # fmt: skip
    return {"method": "runs", "rows": rows, "mean": 798.0, "variance": 49.0, "n": 64, "runs": 640, "failed": failed,
            "chance": 1e-6 if where else 0.4, "where": list(where),
            "words": [both("Runs failed.", "有运行失败。")]}  # fmt: skip


def studies():
    """Every optional key of a model's verdict."""
    t = np.arange(0.0, 901.0, 15.0)
    error = {c: 4.0 * np.sin(t / 180.0 + k) for k, c in enumerate(("TC-A-web", "TC-B-flange"))}
    at = np.linspace(0.0, 900.0, 19)
    film = 20.0 + 8.0 * np.exp(-(((at - 350.0) / 160.0) ** 2))
    places = {
        "upper web root": both("upper web root", "上翼缘与腹板交接处"),
        "flange tip": both("flange tip", "翼缘端部"),
    }
    return {
        "reliability": {"probability": 2.1e-4, "scatter": 0.06, "first_order": 1.8e-4, "index": 3.57, "by_budget": 3e-4,
                        "draws": 400, "runs": 431, "failed": 0, "converged": True, "settled": True, "agree": False,
                        "point": {"film": 31.0, "emissivity": 0.74}},
        "profiles": [profile("film", "W/(m2.K)", 24.6, 1.4, active=("emissivity",)),
                     profile("emissivity", "1", 0.66, 0.021, opened=(False, True))],
        "posterior": posterior(), "sensitivity": sensitivity(),
        "screening": {"unit": "K", "runs": 90, "failed": 0,
                      "words": [both("All 90 runs ended.", "90 次求解全部完成。")],
                      "rows": [{"name": n, "effect": s, "size": abs(s), "scatter": 0.2 * abs(s), "error": 0.1 * abs(s),
                                "count": 10} for n, s in (("film", 4.0), ("emissivity", -3.1), ("start at A", 0.3))]},
        "next_trial": {"unit": "K", "before": {"std": 5.2, "expanded": 14.0}, "places": places, "held": 14.4,
                       "rows": [{"plan": "trial 2", "place": "upper web root", "std": 2.4, "expanded": 9.1},
                                {"plan": "trial 2", "place": "flange tip", "std": 4.9, "expanded": 13.6}],
                       "best": {"plan": "trial 2", "sensors": ["upper web root"], "std": 2.4, "expanded": 9.1},
                       "checks": [{"name": "TC-A-web", "promised": 0.89, "reached": 0.95, "misfit": 1.04}],
                       "words": [both("A further sensor shrinks it.", "增设传感器可收窄区间。")]},
        "discrepancy": {"aliased": [{"name": "film", "std": 0.4, "unit": "W/(m2.K)"}],
                        "size": 4.1, "length": 180.0, "gain": 22.0, "unit": "K",
                        "series": [{"channel": f"synthetic trial 2/{c}", "t": t.tolist(), "error": e.tolist(),
                                    "std": [1.1] * t.size} for c, e in error.items()],
                        "words": [both("The model errs by 4.1 K.", "模型偏差 4.1 K。")]},
        "recovered": [{"name": "film", "unit": "W/(m2.K)", "over": "time", "at": at.tolist(), "values": film.tolist(),
                       "noise_std": [0.8] * 19, "std": [1.5] * 17 + [5.0] * 2, "seen": [True] * 17 + [False] * 2,
                       "widths": [70.0] * 19, "principle": "discrepancy", "strength": 3.0, "misfit": 1.01, "told": 9.2,
                       "words": [both("Resolved to 70 s.", "分辨至 70 s。")]}],
        "ledger": {"runs": 61, "done": 58, "failed": 2, "begun": 1, "retried": 1, "seconds": 38.0, "left_out": 1,
                   "failures": [{"parameters": {"film": 99.0}, "cause": "the step went to 0", "attempts": 1, "rung": 0,
                                 "seconds": 0.1}]},
    }  # fmt: skip


def validated():
    """A validation with every field that the schema has."""
    old = content()["validation"]
    points = [{**one, "chance": 0.4 if k else 0.004} for k, one in enumerate(old["points"])]
    wrong = [{"trial": "synthetic trial 3", "channel": "TC-A-web", "kind": "clock", "begin": 0.0, "end": 900.0,
              "size": -60.0, "text": both("The clock looks 60 s off.", "时钟疑似偏差 60 s。")}]  # fmt: skip
    return {**old, "points": points, "mistaken": wrong,
            "distance": 31.2, "dof": 24.0, "chance": 0.15, "area_metric": 0.08,
            "modified_area": {"below": 0.9, "above": 1.7, "likely": 2.2, "ends": [1.9, 2.7], "factor": 1.8},
            "coverage": {**old["coverage"], "with_model_form": 0.98, "lower": 0.91, "upper": 0.99,
                         "independent": 44.0}}  # fmt: skip


def measured(kind):
    """The changes of a sample verdict for logged data alone: "capability", "reliability" or "contract"."""
    rng = np.random.default_rng(5)
    none = {key: None for key in ("numerics", "calibration", "validation", "domain")}
    base = {"data": {"lot 7": "ab" * 32}, "history": {}, "synthetic": False, "sound": True, "doubts": [],
            "words": [both("About 60 parts would settle it.", "约需 60 件才能判定。")], "confidence": 0.95}  # fmt: skip
    if kind == "capability":
        values = np.round(0.9985 + 0.004 * rng.standard_normal(40), 4)
        mean, std = float(values.mean()), float(values.std(ddof=1))
        about = {"statistic": "Cpk", "characteristic": "diameter", "unit": "1", "specification": [0.980, 1.020]}
        value = min(mean - 0.98, 1.02 - mean) / (3 * std)
        own = {**base, "value": value, "lower": 0.8 * value, "upper": 1.2 * value, "n": 40, "criterion": "F6",
               "details": {"n": 40, "mean": mean, "std": std, "method": "normal", "signals": [],
                           "checks": [{"name": "chart", "chance": 0.4, "level": 0.01, "holds": True},
                                      {"name": "Shapiro-Wilk", "chance": 0.003, "level": 0.005, "holds": False}]},
               "readings": {"kind": "parts", "unit": "mm", "values": values.tolist(), "every": 1}}  # fmt: skip
        limit, cause = 1.33, "few parts"
    elif kind == "reliability":
        life = np.sort(3.6e6 * rng.weibull(2.0, 24))
        units = [{"begin": float(v) if v < 4e6 else 4e6, "end": float(v) if v < 4e6 else None, "left": 1 - (k + 1) / 24}
                 for k, v in enumerate(life)]  # fmt: skip
        at = np.geomspace(2e5, 6e6, 31)
        value = np.exp(-((at / 3.6e6) ** 2.0))
        about = {"statistic": "reliability", "characteristic": "life", "unit": "1", "at": 1e6,
                 "specification": [None, None]}  # fmt: skip
        own = {**base, "value": 0.926, "lower": 0.84, "upper": 0.97, "n": 24, "criterion": "F5",
               "details": {"n": 24, "failures": 18, "method": "profile likelihood", "fits": 0.5},
               "readings": {"kind": "lives", "unit": "s", "units": units,
                            "curve": {"t": at.tolist(), "method": "profile likelihood", "value": value.tolist(),
                                      "lower": (value**1.7).tolist(), "upper": (value**0.6).tolist()}}}  # fmt: skip
        limit, cause = 0.9, "few units"
    else:
        found = [
            ("TC3", "swapped unit", True, "reads in degF", "单位为 °F"),
            ("clock", "clock", False, "drifts", "漂移"),
        ]
        about = {"statistic": "findings", "characteristic": "", "unit": "1", "specification": [None, None]}
        own = {**base, "value": 1.0, "lower": 1.0, "upper": 1.0, "n": 900, "criterion": "B6", "sound": False,
               "readings": None,
               "details": {"n": 900, "contract": "line 4",
                           "departures": [{"about": a, "kind": k, "settled": s, "text": both(en, zh)}
                                          for a, k, s, en, zh in found]}}  # fmt: skip
        limit, cause = 0.0, "few units"
    spread = own["value"] - own["lower"]
    question = {**content()["question"], "interest": about, "limit": limit, "sense": "at least", "display": "1",
                "accuracy": 1.0}  # fmt: skip
    result = {**content()["result"], "value": own["value"], "limit": limit, "margin": own["value"] - limit,
              "expanded": spread, "guard_band": spread, "acceptance_limit": limit + spread,
              "governs": {"observation": "", "time": None}, "flips": []}  # fmt: skip
    line = {"name": cause, "kind": "sampling", "std": spread / 1.645, "unit": "1", "sensitivity": 1.0, "dof": None,
            "contribution": spread / 1.645, "source": f"95% one-sided bound from {own['n']}", "group": ""}  # fmt: skip
    what = f"{about['statistic']} of {about['characteristic']}" if kind != "contract" else "departures from line 4"
    budget = {"quantity": what, "unit": "1", "coverage": 1.645, "combined": spread / 1.645, "expanded": spread,
              "dof": None, "lines": [line] if spread else [], "correlations": []}  # fmt: skip
    return {**none, "series": [], "question": question, "result": result, "budget": budget, "measured": own}
