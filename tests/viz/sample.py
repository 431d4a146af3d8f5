"""A plausible verdict.json with its field file, made from formulas: synthetic, says so, and proves nothing."""

import hashlib
import sys
from pathlib import Path

import numpy as np

from foretrial.models import Frame, Part
from foretrial.models.fieldfile import FieldWriter, read_fields
from foretrial.models.verdict import canonical

STATIONS = {"A": 0.10, "B": 0.35, "C": 0.60}
LIMIT = 823.15
CRITERIA = [
    ("A1", "A", "Question frozen before the result", "问题在得到结果之前已冻结", "met", "2 h 10 min earlier"),
    ("A2", "A", "Decision rule and guard band stated", "判定规则与保护带已规定", "met", "guard = 1.0 U"),
    ("B1", "B", "One command reproduces the number", "一条命令可复现该数值", "met", ""),
    ("B2", "B", "Sensor calibration valid at trial time", "试验时传感器校准有效", "not-yet", ""),
    ("C1", "C", "Three grids and time steps of this run", "本次运行采用三套网格与时间步", "met", "p = 1.93"),
    ("C2", "C", "Global heat balance", "全局热平衡", "met", "3e-9"),
    ("D1", "D", "Several starts reach one optimum", "多个起点到达同一最优值", "met", "8 of 8"),
    ("D2", "D", "Residuals are white", "残差为白噪声", "not-met", "lag-1 correlation 0.71"),
    ("E1", "E", "Validation data disjoint from calibration", "确认数据与标定数据互不重叠", "met", ""),
    ("E2", "E", "Point of use inside the validated domain", "使用点位于适用域内", "met", ""),
    ("F1", "F", "Probability of false accept stated", "已给出误接受概率", "met", "0.4 %"),
    ("G1", "G", "Furnace uniformity survey", "温度均匀性测量", "not-applicable", ""),
    ("H1", "H", "Reviewed and approved", "已审核并批准", "waived", ""),
    ("H2", "H", "Signed envelope", "签名封装", "not-yet", ""),
]


def environment(t):
    """Gas temperature, K."""
    return 293.15 + 620.0 * (1 - np.exp(-np.asarray(t) / 170.0))


def steel(t, lead=1.0, rate=330.0):
    """A first-order answer of the section to that environment, K."""
    t = np.asarray(t, dtype=float)
    a, b = 170.0, rate / lead
    return 293.15 + 540.0 * (1 - (b * np.exp(-t / b) - a * np.exp(-t / a)) / (b - a))


def both(en, zh):
    """A text that a person reads."""
    return {"en": en, "zh": zh}


def write_fields(path, step=0.01, every=30.0):
    """A hot I-section in three dimensions, K; hotter at its flange tips and at station B."""
    part = Part.i_section(height=0.20, width=0.10, flange=0.010, web=0.010, length=0.70)
    (x0, y0, z0), (x1, y1, z1) = part.bounds
    nx, ny, nz = round((x1 - x0) / step), round((y1 - y0) / step), round((z1 - z0) / (2 * step))
    edges = tuple(np.linspace(a, b, n + 1) for a, b, n in ((x0, x1, nx), (y0, y1, ny), (z0, z1, nz)))
    x, y, z = np.meshgrid(*(0.5 * (e[1:] + e[:-1]) for e in edges), indexing="ij")
    solid = part.distance(x, y, z) < 0
    lead = 1.0 + 0.08 * (x / x1) ** 2 - 0.06 * (y / y1) ** 2 + 0.05 * np.cos(6.0 * (z - 0.35))
    with FieldWriter(path) as keep:
        for t in np.arange(0.0, 900.0 + every / 2, every):
            keep(Frame(t=float(t), T={"section": steel(t, lead)}, solid={"section": solid}, edges={"section": edges}))
    return read_fields(path)


def series(rng, role):
    """Readings with noise and a gap beside a curve with its interval, six channels."""
    t = np.arange(0.0, 901.0, 10.0)
    for k, (station, z) in enumerate(STATIONS.items()):
        for where, x, y in (("web", 0.0, 0.0), ("flange", 0.04, 0.095)):
            lead = 1.0 + 0.03 * (where == "flange") + 0.02 * (k == 1)
            model = steel(t, lead)
            off = 0.0 if role == "calibration" else 6.0 * np.sin(t / 260.0 + k)
            measured = np.round(model + off + rng.normal(0, 1.5, t.size), 1)
            half = 4.0 + 0.012 * (model - 293.15)
            gap = (t > 400) & (t < 450) & (station == "C")
            yield {
                "channel": f"TC-{station}-{where}",
                "station": station,
                "role": role,
                "place": [x, y, z],
                "unit": "K",
                "display": "degC",
                "t": t.tolist(),
                "measured": [None if g else float(m) for m, g in zip(measured, gap, strict=True)],
                "sigma": [2.2] * t.size,
                "model": model.tolist(),
                "lower": (model - half).tolist(),
                "upper": (model + half).tolist(),
            }


def line(name, kind, contribution, std, unit, source):
    """One row of the budget."""
    return {"name": name, "kind": kind, "std": std, "unit": unit, "sensitivity": contribution / std,
            "contribution": contribution, "source": source, "dof": 30.0, "group": ""}  # fmt: skip


def content(fields=None, state="PASS"):
    """The whole of a verdict.json, without its digest."""
    rng = np.random.default_rng(7)
    curves = [*series(rng, "calibration"), *series(rng, "validation")]
    lines = [
        line("model form", "model form", 5.1, 5.1, "K", "validation, trial 3"),
        line("film coefficient", "parameter", 3.4, 2.9, "W/(m2.K)", "calibrated"),
        line("effective emissivity", "parameter", -2.8, 0.021, "1", "calibrated"),
        line("plate thermometer bias", "input", 2.6, 3.1, "K", "sensor class"),
        line("specific heat of steel", "input", 1.9, 12.0, "J/(kg.K)", "EN 1993-1-2"),
        line("discretisation", "numerical", 0.42, 0.42, "K", "three grids"),
        line("thermocouple lag", "sensor", 0.8, 1.2, "s", "data sheet"),
    ]
    combined = float(np.sqrt(sum(row["contribution"] ** 2 for row in lines)))
    value, expanded = 798.6, 2 * combined
    return {
        "schema": "foretrial.verdict/1",
        "id": "sample-section",
        "created": "2026-01-15T09:30:00+00:00",
        "title": both("Synthetic sample: steel section in hot gas", "合成示例\uff1a热气流中的钢型材"),
        "question": {
            "text": both("Synthetic: does the section stay below 550 °C for 15 minutes?",
                         "合成数据\uff1a型材在 15 分钟内是否低于 550 °C\uff1f"),
            "verification": "functional performance",
            "interest": {
                "observations": ["TC-A-web", "TC-B-flange"], "statistic": "max", "window": [0.0, 900.0], "unit": "K",
            },
            "limit": LIMIT, "sense": "at most", "accuracy": 25.0, "coverage": 2.0, "guard": 1.0,
            "needs": ["A1", "C1", "E1"], "display": "degC",
            "freeze": {"digest": "ab" * 32, "at": "2026-01-15T07:20:00+00:00", "before_result": True},
        },
        "result": {
            "state": state, "value": value, "limit": LIMIT, "margin": LIMIT - value, "expanded": expanded,
            "guard_band": expanded, "acceptance_limit": LIMIT - expanded, "false_accept": 0.0004, "false_reject": 0.012,
            "governs": {"observation": "TC-B-flange", "time": 900.0},
            "reasons": [
                both("The margin is larger than the guard band.", "裕度大于保护带。"),
                both("Every needed criterion is evidenced.", "所有必需的准则均有证据。"),
            ],
            "flips": [
                {
                    "name": "effective emissivity", "kind": "parameter", "by": 0.14, "unit": "1",
                    "text": both("An emissivity 0.14 higher would turn the verdict.", "发射率升高 0.14 将改变结论。"),
                }
            ],
        },
        "budget": {
            "quantity": "highest steel temperature", "unit": "K", "coverage": 2.0, "combined": combined,
            "expanded": expanded, "dof": 61.0, "lines": lines,
        },
        "numerics": {
            "levels": [
                {"ratio": 0.5, "cells": 96, "steps": 61, "value": 797.21},
                {"ratio": 1.0, "cells": 384, "steps": 122, "value": 798.24},
                {"ratio": 2.0, "cells": 1536, "steps": 244, "value": 798.51},
            ],
            "order": 1.93, "formal_order": 2.0, "richardson": 798.60, "method": "grid convergence index",
            "u_num": 0.42, "asymptotic": True, "iteration_error": 1e-6, "balance": 3e-9,
            "words": [both("Space and time refined together.", "空间与时间同时加密。")],
        },
        "calibration": {
            "parameters": [
                {"name": "film", "unit": "W/(m2.K)", "value": 24.6, "std": 1.4, "lower": 5.0, "upper": 60.0,
                 "prior": [25.0, 8.0], "transform": "log", "active": False},
                {"name": "emissivity", "unit": "1", "value": 0.66, "std": 0.021, "lower": 0.3, "upper": 0.95,
                 "prior": None, "transform": "none", "active": False},
            ],
            "correlation": [[1.0, -0.82], [-0.82, 1.0]],
            "starts": [{"begin": [10.0 + k, 0.5], "end": [24.6, 0.66], "objective": 512.0, "evaluations": 9 + k,
                        "outcome": "converged"} for k in range(8)],
            "reached_best": 8, "rms": 1.6, "misfit": 1.08, "n": 540, "effective": 61.0,
            "words": [both("Film and emissivity trade against each other.", "换热系数与发射率相互牵制。")],
            "failures": [], "data": {"synthetic trial 2": "cd" * 32},
        },
        "validation": {
            "data": {"synthetic trial 3": "ef" * 32}, "disjoint": True,
            "points": [
                {"channel": row["channel"], "station": row["station"], "error": 2.0 - 1.5 * k, "u_num": 0.42,
                 "u_input": 4.1, "u_d": 2.2, "u_val": 4.7, "rms": 4.2 + 0.2 * k, "resolvable": k == 5}
                for k, row in enumerate(curves[6:])
            ],
            "mean_error": -1.7, "rms": 4.6, "u_val": 4.7, "model_form": 5.1,
            "coverage": {"stated": 0.95, "observed": 0.967, "n": 540}, "area_metric": 2.3,
            "words": [both("The error is not resolvable at most stations.", "多数测点的误差不可分辨。")],
        },
        "series": curves,
        "domain": {
            "inside": True,
            "variables": [
                {"name": "gas temperature", "symbol": "T_g", "value": [293.0, 905.0], "covered": [293.0, 913.0],
                 "inside": True},
                {"name": "section factor", "symbol": "A/V", "value": [210.0, 210.0], "covered": [190.0, 240.0],
                 "inside": True},
            ],
            "words": [both("The point of use lies inside what was validated.", "使用点位于已确认的范围内。")],
        },
        "criteria": [
            {"id": i, "group": g, "text": both(en, zh), "state": s, "value": v,
             "why": "synthetic sample" if s in ("waived", "not-applicable") else "", "evidence": ""}
            for i, g, en, zh, s, v in CRITERIA
        ],
        "pedigree": {
            "version": "0.1.0", "commit": "0" * 40, "packages": {"numpy": np.__version__}, "system": "synthetic",
            "seeds": [7], "command": "foretrial run furnace_section", "seconds": 41.0,
            "inputs": {"synthetic.csv": "12" * 32},
            "materials": [{"material": "carbon steel", "property": "conductivity", "valid": [293.0, 1473.0],
                           "std": 0.05, "source": "EN 1993-1-2:2005, 3.4.1.3"}],
            "assumptions": [both("Every number on this page is synthetic.", "本页所有数值均为合成数据。")],
        },
        "fields": fields or [],
        "files": {"trials.h5": "34" * 32},
        "seal": {
            "prepared": "sample", "checked": "", "reviewed": "", "approved": "",
            "statement": both("This report replaces no accredited test report.", "本报告不替代具有资质的检测报告。"),
            "caveats": [both("Synthetic data.", "合成数据。")], "expires": "2027-01-15",
        },
    }  # fmt: skip


def write(folder, *, state="PASS", with_fields=True, **changes):
    """Fill `folder` with a sample verdict.json and its field file; `changes` replace whole top-level keys."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    fields = []
    if with_fields:
        stored = write_fields(folder / "fields.vtkhdf")
        fields = [
            {
                "file": "fields.vtkhdf", "digest": stored.digest(),
                "what": both("Temperature of the section", "型材温度"), "unit": "K", "display": "degC",
                "times": stored.times.tolist(), "body": "section",
                "probes": [{"name": f"TC-{s}-{w}", "place": [x, y, z]} for s, z in STATIONS.items()
                           for w, x, y in (("web", 0.0, 0.0), ("flange", 0.04, 0.095))],
            }
        ]  # fmt: skip
    noun = {**content(fields, state), **changes}
    noun["digest"] = hashlib.sha256(canonical(noun).encode()).hexdigest()
    (folder / "verdict.json").write_text(canonical(noun), encoding="utf-8")
    return folder


if __name__ == "__main__":
    write(sys.argv[1])
