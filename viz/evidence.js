// What the verdict rests on: convergence, calibration, validation, domain, checklist, pedigree, seal.

function numericsBlock() {
  const num = verdict.numerics;
  if (!has(num?.levels)) return section("numerics", nothing());
  const unit = asked, by = (x, n = 3) => (number(x) ? `${fmt(unit.by(x), n)}${tail(unit.difference)}` : "–");
  const p = placesOf(unit.by(num.u_num));
  return section("numerics", lead(atRest ? "numerics.lead-rest" : "numerics.lead"),
    num.asymptotic === false ? h("p", { class: "notice warn" }, w("numerics.not-asymptotic")) : null,
    h("div", { class: "split" },
      h("div", {},
        table([w("numerics.ratio"), w("numerics.cells"), ...(atRest ? [] : [w("numerics.steps")]), w("numerics.value")],
          num.levels.map((level) => [fmt(level.ratio), integer(level.cells), ...(atRest ? [] : [integer(level.steps)]),
            `${fixed(unit.of(level.value), p)}${tail(unit.label)}`])),
        facts([
          ["numerics.order", has(num.order) ? fmt(num.order, 3) : null], ["numerics.formal", has(num.formal_order) ? fmt(num.formal_order, 3) : null],
          ["numerics.richardson", number(num.richardson) ? `${fixed(unit.of(num.richardson), p)}${tail(unit.label)}` : null],
          ["numerics.u-num", h("b", {}, by(num.u_num))], ["numerics.asymptotic", has(num.asymptotic) ? yes(num.asymptotic) : null],
          ["numerics.method", named("method", num.method)],
          ["numerics.iteration", has(num.iteration_error) ? by(num.iteration_error, 2) : null], ["numerics.balance", has(num.balance) ? fmt(num.balance, 2) : null],
        ])),
      converging(num, unit)),
    says(num.words));
}

function converging(num, unit) {
  const levels = num.levels.filter((level) => level.ratio > 0 && number(level.value));
  if (levels.length < 2) return null;
  const h0 = Math.max(...levels.map((level) => 1 / level.ratio));
  const points = levels.map((level) => [1 / level.ratio / h0, unit.of(level.value)]);
  const top = number(num.richardson) ? unit.of(num.richardson) : null;
  const u = number(num.u_num) ? unit.by(num.u_num) * (verdict.budget?.coverage ?? 2) : 0;
  const all = [...points.map((q) => q[1]), ...(top === null ? [] : [top - u, top + u])];
  const span = Math.max(...all) - Math.min(...all) || 1, low = Math.min(...all) - 0.12 * span, high = Math.max(...all) + 0.12 * span;
  const W = 420, H = 230, x = (s) => 64 + s * (W - 92), y = (v) => 14 + (1 - (v - low) / (high - low)) * (H - 60);
  const p = Math.max(0, Math.min(6, 1 - Math.floor(Math.log10(span))));
  const title = h("title", { id: "numerics-picture" });
  const name = h("text", { x: x(0.5), y: H - 8, "text-anchor": "middle", "data-word": "numerics.size" });
  relive(() => { title.textContent = word("numerics.picture"); name.textContent = word("numerics.size"); }, name);
  const ticks = [0, 1, 2, 3].map((k) => low + ((k + 0.5) / 4) * (high - low));
  const way = [...points, ...(top === null ? [] : [[0, top]])].sort((a, b) => a[0] - b[0]);
  return h("figure", { class: "small" }, h("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-labelledby": "numerics-picture" }, title,
    ticks.map((v) => [h("line", { x1: 60, x2: W - 20, y1: y(v), y2: y(v), class: "grid" }),
      h("text", { x: 56, y: y(v) + 4, "text-anchor": "end" }, fixed(v, p))]),
    h("text", { x: 56, y: 10, "text-anchor": "end" }, unit.label),
    h("polyline", { points: way.map((q) => `${x(q[0])},${y(q[1])}`).join(" "), class: "thin" }),
    [0, ...points.map((q) => q[0])].map((s) => h("text", { x: x(s), y: H - 28, "text-anchor": "middle" }, fmt(s, 2))),
    top === null ? null : [h("line", { x1: x(0), x2: x(0), y1: y(top - u), y2: y(top + u), class: "bar" }),
      h("path", { d: `M${x(0)} ${y(top) - 7}l7 7l-7 7l-7 -7z`, class: "dot" })],
    points.map((q) => h("circle", { cx: x(q[0]), cy: y(q[1]), r: 5, class: "dot" })), name));
}

function calibrationBlock() {
  const cal = verdict.calibration;
  if (!has(cal?.parameters)) return section("calibration", nothing());
  const best = cal.reached_best < 1 && cal.reached_best > 0 ? Math.round(cal.reached_best * cal.starts.length) : cal.reached_best;
  const rows = cal.parameters.map((one) => {
    const spread = 1.96 * one.std, part = (v) => `${(100 * Math.min(1, Math.max(0, (v - one.lower) / (one.upper - one.lower)))).toFixed(1)}%`;
    return [one.name, h("span", { "data-si": one.value }, `${plusminus(one.value, spread)}${tail(pretty(one.unit))}`),
      `${fmt(one.lower)} … ${fmt(one.upper)}`,
      h("div", { class: "range", title: `${fmt(one.lower)} … ${fmt(one.upper)}` },
        h("i", { style: `left:${part(one.value - spread)};right:calc(100% - ${part(one.value + spread)})` }), h("b", { style: `left:${part(one.value)}` })),
      Array.isArray(one.prior) ? `${fmt(one.prior[0])} ± ${fmt(one.prior[1], 2)}` : w("calibration.flat"),
      known(`calibration.transform-${one.transform}`) ? w(`calibration.transform-${one.transform}`) : one.transform ?? "–",
      one.active ? h("strong", { class: "bad" }, w("calibration.active-yes")) : yes(false)];
  });
  return section("calibration",
    lead("calibration.lead", { data: listed(cal.data) || "–", n: integer(cal.n), effective: fmt(cal.effective, 3) }),
    table([w("calibration.parameter"), w("calibration.value"), w("calibration.bounds"), w("calibration.range"), w("calibration.prior"),
      w("calibration.transform"), w("calibration.active")], rows),
    h("div", { class: "split" },
      facts([
        ["calibration.rms", has(cal.rms) ? `${fmt(asked.by(cal.rms), 3)}${tail(asked.difference)}` : null],
        ["calibration.misfit", has(cal.misfit) ? fmt(cal.misfit, 3) : null],
        ["calibration.starts", has(cal.starts) ? w("calibration.starts-of", { n: best, m: cal.starts.length }) : null],
        ["calibration.runs", has(cal.runs) ? integer(cal.runs) : null],
        ["calibration.failures", has(cal.failures) ? says(cal.failures) : "0"],
      ]),
      correlation(cal)),
    has(cal.words) ? [h("h3", {}, w("calibration.identifiable")), says(cal.words)] : null,
    mistakenPart(cal.mistaken), profilesPart(), discrepancyPart(), runsPart(),
    has(cal.starts) ? h("details", {}, h("summary", {}, w("calibration.starts-all")),
      table(["#", w("calibration.begin"), w("calibration.end"), w("calibration.objective"), w("calibration.evaluations"), w("calibration.outcome")],
        cal.starts.map((one, k) => [String(k + 1), (one.begin ?? []).map((v) => fmt(v, 3)).join(", "), (one.end ?? []).map((v) => fmt(v, 4)).join(", "),
          fmt(one.objective, 5), integer(one.evaluations), named("outcome", one.outcome)]))) : null);
}

function correlation(cal) {
  const matrix = cal.correlation;
  if (!has(matrix) || matrix.length < 2) return null;
  const names = cal.parameters.map((one) => one.name);
  return h("figure", {}, h("figcaption", {}, w("calibration.correlation")),
    table(["", ...names], matrix.map((row, i) => [names[i], ...row.map((v) =>
      h("span", { class: "cor", style: `--c:${Math.abs(v).toFixed(2)};--h:${v < 0 ? "#d55e00" : "#0072b2"}` }, fixed(v, 2)))]), { class: "matrix" }));
}

function validationBlock() {
  const val = verdict.validation;
  if (!has(val?.points) && !has(val?.data)) return section("validation", verdict.measured ? h("p", {}, w("verdict.trust-measured")) : h("p", { class: "notice warn" }, w("verdict.trust-none")));
  const by = (x) => (number(x) ? fmt(asked.by(x), 3) : "–"), k = asked.difference;
  const heads = ["validation.error", "u_num", "u_input", "u_D", "u_val", "validation.rms"].map((key) => h("span", { class: "nowrap" }, key.includes(".") ? w(key) : say(key), ` / ${k}`));
  const holm = (val.points ?? []).some((one) => number(one.chance)), c = val.coverage ?? {}, area = val.modified_area;
  return section("validation", lead("validation.lead"),
    val.disjoint === false ? h("p", { class: "notice bad" }, w("verdict.trust-seen", { data: listed(val.data) })) : null,
    has(val.points) ? table([w("validation.point"), w("validation.station"), ...heads, w("validation.resolvable"), ...(holm ? [w("validation.chance")] : [])],
      val.points.map((one) => [one.channel, one.station ?? "", by(one.error), by(one.u_num), by(one.u_input), by(one.u_d), h("b", {}, by(one.u_val)), by(one.rms),
        one.resolvable ? yes(true) : w("validation.resolvable-no"),
        ...(holm ? [number(one.chance) && one.chance < 0.01 ? h("strong", { class: "bad" }, percent(one.chance, 2)) : percent(one.chance, 2)] : [])])) : null,
    facts([
      ["validation.mean-error", has(val.mean_error) ? `${by(val.mean_error)}${tail(k)}` : null], ["validation.rms", has(val.rms) ? `${by(val.rms)}${tail(k)}` : null],
      [say("u_val"), has(val.u_val) ? `${by(val.u_val)}${tail(k)}` : null], ["validation.model-form", has(val.model_form) ? `${by(val.model_form)}${tail(k)}` : null],
      ["validation.coverage", val.coverage && number(val.coverage.observed) ? w("validation.coverage-of", { observed: percent(val.coverage.observed),
        stated: percent(val.coverage.stated), n: integer(val.coverage.n) }) : null],
      ["validation.coverage-form", number(c.with_model_form) ? percent(c.with_model_form) : null],
      ["validation.coverage-interval", number(c.lower) && number(c.upper) ? `${percent(c.lower)} … ${percent(c.upper)}` : null],
      ["validation.independent", number(c.independent) ? w("validation.independent-of", { n: fmt(c.independent, 3), all: integer(c.n) }) : null],
      ["validation.distance", number(val.distance) ? w("validation.distance-of", { d: fmt(val.distance, 3), dof: fmt(val.dof, 3) }) : null],
      ["validation.distance-chance", number(val.distance) && number(val.chance) ? (val.chance < 0.01 ? h("strong", { class: "bad" }, percent(val.chance, 2)) : percent(val.chance, 2)) : null],
      ["validation.area", has(val.area_metric) ? fmt(val.area_metric, 3) : null],
      ["validation.area-modified", area ? w("validation.area-sides", { below: `${by(area.below)}${tail(k)}`, above: `${by(area.above)}${tail(k)}` }) : null],
      ["validation.area-ends", has(area?.ends) ? w("validation.area-ends-of", { below: `${by(area.ends[0])}${tail(k)}`, above: `${by(area.ends[1])}${tail(k)}` }) : null],
      ["validation.area-likely", number(area?.likely) ? `${by(area.likely)}${tail(k)}` : null],
      ["validation.data", listed(val.data)], ["validation.disjoint", has(val.disjoint) ? yes(val.disjoint) : null],
    ]),
    says(val.words), mistakenPart(val.mistaken),
    has(verdict.ladder) ? ladder() : null);
}

// Models tried on the validation trial, in order; the last of them answers.
function ladder() {
  const by = (x) => (number(x) ? fmt(asked.by(x), 3) : "–"), k = asked.difference;
  const each = (row, key) => (row.channels ?? []).map((one) => by(one[key])).join(" / ");
  return [h("h3", {}, w("ladder.title")), h("p", { class: "lead" }, w("ladder.lead", { channels: (verdict.ladder[0].channels ?? []).map((one) => one.channel).join(" / ") })),
    table([w("ladder.model"), h("span", {}, w("ladder.error"), ` / ${k}`), h("span", {}, w("ladder.left"), ` / ${k}`), w("ladder.misfit"), h("span", {}, w("ladder.lacks"), ` / ${k}`), w("ladder.word")],
      verdict.ladder.map((row) => [say(row.model), each(row, "rms"), each(row, "left"), fmt(row.misfit, 3), by(row.allowance),
        row.explains ? h("span", { class: "chip met" }, "✓ ", w("ladder.explains")) : h("span", { class: "chip not-met" }, "✕ ", w("ladder.wrong"))])),
    verdict.ladder.map((row) => h("details", {}, h("summary", {}, say(row.model)), says(row.words), row.fit ? says(row.fit.words) : null))];
}

function domainBlock() {
  const dom = verdict.domain;
  if (!dom || (!has(dom.variables) && !has(dom.words))) return section("domain", nothing());
  return section("domain", lead("domain.lead"),
    has(dom.variables) ? table([w("domain.variable"), w("domain.used"), w("domain.covered"), "", w("page.state")], dom.variables.map((one) => {
      const ends = [...(one.value ?? []), ...(one.covered ?? [])].filter(number), low = Math.min(...ends), span = Math.max(...ends) - low || 1;
      const cut = (range, css) => (range?.length === 2 ? h("i", { class: css, style: `left:${(100 * (range[0] - low)) / span}%;width:max(3px, ${(100 * (range[1] - range[0])) / span}%)` }) : null);
      const range = (ends2) => (ends2?.length === 2 ? (ends2[0] === ends2[1] ? fmt(ends2[0]) : `${fmt(ends2[0])} … ${fmt(ends2[1])}`) : "–");
      return [[say(one.name), has(one.symbol) ? h("small", {}, h("i", {}, one.symbol), has(one.unit) ? ` / ${pretty(one.unit)}` : null) : null],
        range(one.value), range(one.covered),
        h("div", { class: "cover", "aria-hidden": "true" }, cut(one.covered, "wide"), cut(one.value, "used")),
        one.inside ? h("span", { class: "chip met" }, "✓ ", w("domain.inside")) : h("span", { class: "chip not-met" }, "✕ ", w("domain.outside"))];
    })) : null,
    says(dom.words));
}

const MARKS = { met: "✓", "not-met": "✕", waived: "≈", "not-applicable": "–", "not-yet": "○" };
const chip = (state, extra) => h("span", { class: `chip ${state}` }, `${MARKS[state] ?? "?"} `, known(`criteria.${state}`) ? w(`criteria.${state}`) : state, extra);

function criteriaBlock() {
  const all = verdict.criteria ?? [];
  if (!all.length) return section("criteria", nothing());
  const needed = new Set(question.needs ?? []);
  const count = (list, state) => list.filter((one) => one.state === state).length;
  const groups = [...new Set(all.map((one) => one.group))].sort();
  const states = Object.keys(MARKS);
  return section("criteria", lead("criteria.lead"),
    h("p", { class: "counts" }, states.filter((state) => count(all, state)).map((state) => chip(state, ` ${count(all, state)}`))),
    h("div", { class: "stack", "aria-hidden": "true" }, states.map((state) => (count(all, state) ? h("i", { class: state, style: `flex:${count(all, state)}` }) : null))),
    groups.map((group) => {
      const own = all.filter((one) => one.group === group);
      const open = own.some((one) => one.state === "not-met" || one.state === "not-yet");
      return h("details", { open, class: "group" },
        h("summary", {}, h("b", {}, group), " ", known(`criteria.${group}`) ? w(`criteria.${group}`) : null,
          h("span", { class: "right" }, states.filter((state) => count(own, state)).map((state) => h("span", { class: `mini ${state}` }, `${MARKS[state]} ${count(own, state)}`)))),
        table(["", w("criteria.criterion"), w("page.state"), w("criteria.found"), w("criteria.why")], own.map((one) => h("tr", { "data-criterion": one.id, "data-state": one.state },
          h("th", { scope: "row" }, one.id), h("td", {}, say(one.text), needed.has(one.id) ? h("small", {}, w("criteria.needed")) : null), h("td", {}, chip(one.state)),
          h("td", {}, say(one.value), has(one.evidence) ? h("small", {}, h("code", {}, one.evidence)) : null), h("td", {}, say(one.why)))), { class: "criteria" }));
    }));
}

const hashes = (named) => (has(named) && Object.keys(named).length ? table([w("page.file"), w("page.hash")], Object.entries(named).map(([name, hash]) => [name, h("code", { class: "hash" }, hash)])) : null);

function pedigreeBlock() {
  const ped = verdict.pedigree ?? {};
  const plain = (value) => (Array.isArray(value) ? value.join(", ") : value && typeof value === "object" && !("en" in value)
    ? Object.entries(value).map(([a, b]) => `${a} ${b}`).join(", ") : has(value) ? say(value) : null);
  const fold = (key, body) => (body ? h("details", {}, h("summary", {}, w(key)), body) : null);
  const parts = [
    has(ped.command) ? h("p", { class: "command" }, w("pedigree.command"), " ", h("code", {}, ped.command), h("button", { type: "button", onclick: copy(ped.command) }, w("pedigree.copy"))) : null,
    facts([["pedigree.version", plain(ped.version)], ["pedigree.commit", has(ped.commit) ? h("code", {}, String(ped.commit).slice(0, 12)) : null], ["pedigree.system", plain(ped.system)],
      ["pedigree.seeds", plain(ped.seeds)], ["pedigree.seconds", has(ped.seconds) ? fmt(ped.seconds, 3) : null]]),
    has(ped.assumptions) ? [h("h3", {}, w("pedigree.assumptions")), says(ped.assumptions)] : null,
    has(ped.parts) ? [h("h3", {}, w("pedigree.parts")), table([w("pedigree.part"), w("pedigree.extent"), w("pedigree.volume"), w("pedigree.triangles"), w("pedigree.solids"), w("pedigree.mended")],
      ped.parts.map((one) => [one.part, one.extent.map((x) => fmt(1000 * x, 5)).join(" × "), fmt(1e6 * one.volume, 5), integer(one.triangles), one.solids.join(", "),
        has(one.mended) ? says(one.mended) : w("pedigree.mended-nothing")]))] : null,
    has(ped.materials) ? [h("h3", {}, w("pedigree.materials")), table([w("pedigree.material"), w("pedigree.property"), w("page.source"), w("pedigree.valid"), w("pedigree.std")],
      ped.materials.map((one) => [one.material, named("property", one.property), say(one.source), one.valid ? `${fmt(one.valid[0])} … ${fmt(one.valid[1])} K` : "–", percent(one.std)]))] : null,
    fold("pedigree.packages", has(ped.packages) ? h("p", { class: "wrap" }, plain(ped.packages)) : null),
    fold("pedigree.inputs", hashes(ped.inputs)), fold("pedigree.files", hashes({ ...verdict.files, ...Object.fromEntries((verdict.fields ?? []).map((f) => [f.file, f.digest])) })),
    has(verdict.digest) ? facts([["pedigree.digest", h("code", { class: "hash" }, verdict.digest)]]) : null,
  ].flat().filter(Boolean);
  return section("pedigree", parts.length ? parts : nothing());
}

const copy = (text) => async (event) => {
  const node = event.currentTarget.firstChild;
  try { await navigator.clipboard.writeText(text); } catch {
    const range = document.createRange();
    range.selectNodeContents(event.target.closest("p").querySelector("code"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return;
  }
  node.textContent = word("pedigree.copied");
  setTimeout(() => { node.textContent = word("pedigree.copy"); }, 1500);
};

// Who signed beside the verdict when the page was drawn; without keys that is a claim, and the page says so.
function signedBlock() {
  const signed = data.signed ?? [];
  if (!has(signed)) return h("p", { class: "unsigned" }, w("seal.unsigned"));
  return h("div", { class: "signed" }, signed.map((one) => h("p", {}, one.about && known(`seal.${one.role}`)
    ? w("seal.signed-by", { name: one.name, role: () => word(`seal.${one.role}`), at: date(one.at) }) : w("seal.signed-other"))),
    h("p", { class: "note" }, w("seal.signed-keys")));
}

function sealBlock() {
  const seal = verdict.seal ?? {};
  return section("seal",
    has(seal.statement) ? h("p", { class: "statement" }, say(seal.statement)) : null,
    h("div", { class: "signs" }, ["prepared", "checked", "reviewed", "approved"].map((who) => h("div", {}, h("span", {}, w(`seal.${who}`)),
      has(seal[who]) ? h("b", {}, say(seal[who])) : h("em", {}, w("seal.open"))))),
    h("h3", {}, w("seal.signatures")), signedBlock(),
    has(seal.caveats) ? [h("h3", {}, w("seal.caveats")), says(seal.caveats)] : null,
    facts([["seal.expires", has(seal.expires) ? say(seal.expires) : null], ["seal.check", h("code", {}, "foretrial check verdict.json")]]));
}
