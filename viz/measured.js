// Verdicts on logged data alone: parts with their limits, lives with the law they keep, a log against its contract.

function measuredBlock() {
  const own = verdict.measured;
  if (!own) return null;
  if (own.criterion === "F7") return chargedBlock(own);
  const about = question.interest ?? {}, read = own.readings, unit = read ? reading(read.unit, read.unit) : null;
  const kind = own.criterion === "F6" ? "capability" : own.criterion === "F5" ? "reliability" : "contract";
  return section("measured", lead(`measured.lead-${kind}`),
    own.synthetic ? h("p", { class: "notice warn" }, w("measured.synthetic")) : null,
    facts([["measured.data", listed(own.data)], ["measured.history", listed(own.history)],
      kind === "contract" ? null : [h("span", {}, named("statistic", about.statistic)), h("b", {}, fmt(own.value, 4))],
      kind === "contract" ? null : [w("measured.bounds", { level: percent(own.confidence) }), `${fmt(own.lower, 4)} … ${number(own.upper) ? fmt(own.upper, 4) : w("page.infinite").textContent}`],
      [kind === "capability" ? "measured.parts" : kind === "reliability" ? "measured.units" : "measured.readings", integer(own.n)],
      kind === "capability" && number(own.details?.mean) ? ["measured.mean", `${fmt(own.details.mean, 5)}${tail(unit ? pretty(read.unit) : "")}`] : null,
      kind === "capability" && number(own.details?.std) ? ["measured.scatter", `${fmt(own.details.std, 3)}${tail(unit ? pretty(read.unit) : "")}`] : null,
      kind === "reliability" ? ["measured.failures", integer(own.details?.failures)] : null,
      own.details?.method ? ["measured.method", named("method", own.details.method)] : null].filter(Boolean)),
    kind === "capability" && read ? histogram(read, about, own) : null,
    kind === "reliability" && read ? livesPlot(read, about, own) : null,
    kind === "contract" ? findings(own) : null,
    has(own.details?.checks) ? checks(own.details.checks) : null,
    has(own.doubts) ? [h("h3", {}, w("measured.doubts")), says(own.doubts)] : null, says(own.words));
}

// What a good part costs, takes and emits: all that the account counts, each with its own bounds.
function chargedBlock(own) {
  const { per_good_part: all = [], yield: good = {}, made, good: fine } = own.details ?? {};
  const cell = (one, key) => { const unit = reading(one.unit, one.display); return `${fmt(unit.of(one[key]), 4)}${tail(unit.label)}`; };
  return section("measured", lead("measured.lead-charged"),
    own.synthetic ? h("p", { class: "notice warn" }, w("measured.synthetic")) : null,
    table([w("measured.per-good"), w("measured.estimate"), w("measured.bounds", { level: percent(own.confidence) })],
      all.map((one) => [named("statistic", one.statistic), h("b", {}, cell(one, "value")), `${cell(one, "lower")} … ${cell(one, "upper")}`]), { class: "charged" }),
    facts([["measured.data", listed(own.data)], ["measured.batches", integer(own.n)], ["measured.parts", integer(made)], ["measured.good", integer(fine)],
      ["measured.yield", `${percent(good.value)} (${percent(good.lower)} … ${percent(good.upper)})`], own.details?.method ? ["measured.method", named("method", own.details.method)] : null].filter(Boolean)),
    has(own.doubts) ? [h("h3", {}, w("measured.doubts")), says(own.doubts)] : null, says(own.words));
}

function histogram(read, about, own) {
  const values = read.values.filter(number), limits = (about.specification ?? []).filter(number), unit = pretty(read.unit);
  const ends = [...values, ...limits], pad = 0.06 * (Math.max(...ends) - Math.min(...ends)) || 1, [low, high] = [Math.min(...ends) - pad, Math.max(...ends) + pad];
  const { mean, std } = own.details ?? {}, n = values.length, [least, most] = [Math.min(...values), Math.max(...values)];
  const wanted = clamp(Math.ceil(Math.log2(n) + 1), 5, 24), [step, first] = [(most - least) / wanted || pad, least];
  const counts = new Array(wanted).fill(0);
  for (const v of values) counts[Math.min(wanted - 1, Math.floor((v - first) / step))] += 1;
  const law = own.details?.method !== "distribution-free" && std > 0 ? Array.from({ length: 121 }, (_, k) => low + (k / 120) * (high - low)).map((v) => [v, (n * step * Math.exp(-0.5 * ((v - mean) / std) ** 2)) / (std * Math.sqrt(2 * Math.PI))]) : [];
  const top = 1.18 * Math.max(...counts, ...law.map((p) => p[1]));
  return [broad((width, tall) => chart({ name: () => word("measured.histogram"), width, height: 330 * tall,
    x: { from: low, to: high, word: `${about.characteristic}${unit ? ` / ${unit}` : ""}` }, y: { from: 0, to: top, word: ["measured.count"], ticks: rounds(0, top, 4).filter(Number.isInteger) },
    marks: (X, Y) => [limits.length === 2 ? h("rect", { x: X(limits[0]), y: Y(top), width: X(limits[1]) - X(limits[0]), height: Y(0) - Y(top), class: "good" }) : null,
      counts.map((count, k) => h("rect", { x: X(first + k * step), y: Y(count), width: Math.max(1, X(first + (k + 1) * step) - X(first + k * step) - 1), height: Y(0) - Y(count), class: "bin", "data-count": count })),
      values.length <= 200 ? values.map((v) => h("line", { x1: X(v), x2: X(v), y1: Y(0), y2: Y(0) - 9, class: "rug" })) : null,
      law.length ? h("path", { d: pathOf(X, Y, law.map((p) => p[0]), law.map((p) => p[1])), class: "curve" }) : null,
      limits.map((v) => [h("line", { x1: X(v), x2: X(v), y1: Y(0), y2: Y(top), class: "limit" }),
        svgWord({ x: X(v) + (v === about.specification[0] ? 6 : -6), y: Y(top) + 14, "text-anchor": v === about.specification[0] ? "start" : "end" }, v === about.specification[0] ? "measured.lower-limit" : "measured.upper-limit", { v: fmt(v, 5) })])] })),
  legend(["box bin", "measured.bars"], law.length ? ["line", "measured.normal"] : null, ["limitmark", "measured.limits"]),
  broad((width) => indexBar(own, width)),
  read.every > 1 ? h("p", { class: "note" }, w("trial.thinned", { n: read.every })) : null];
}

// The number with its one-sided bounds against the limit of the question.
function indexBar(own, width) {
  const high = number(own.upper) ? own.upper : own.value + 2 * (own.value - own.lower), ends = [own.lower, own.value, high, result.limit].filter(number);
  const pad = 0.1 * (Math.max(...ends) - Math.min(...ends)) || 1;
  return chart({ name: () => word("measured.index"), width, height: 110, left: 20, x: { from: Math.min(...ends) - pad, to: Math.max(...ends) + pad, word: question.interest.statistic },
    y: { from: 0, to: 1, ticks: false },
    marks: (X, Y) => [h("line", { x1: X(own.lower), x2: X(high), y1: Y(0.5), y2: Y(0.5), class: "bar" }), h("line", { x1: X(own.lower), x2: X(own.lower), y1: Y(0.3), y2: Y(0.7), class: "bar" }),
      number(own.upper) ? h("line", { x1: X(high), x2: X(high), y1: Y(0.3), y2: Y(0.7), class: "bar" }) : null, h("circle", { cx: X(own.value), cy: Y(0.5), r: 6, class: "dot" }),
      h("line", { x1: X(result.limit), x2: X(result.limit), y1: Y(0), y2: Y(1), class: "limit" }), svgWord({ x: X(result.limit) + 6, y: Y(1) + 10, "text-anchor": "start" }, "measured.limit", { v: fmt(result.limit, 4) })] });
}

function livesPlot(read, about, own) {
  const life = (v) => (read.unit === "s" ? v / 3600 : v), label = read.unit === "s" ? "h" : pretty(read.unit), units = read.units, curve = read.curve;
  const all = [...units.flatMap((one) => [one.begin, one.end]), ...(curve?.t ?? []), about.at].filter((v) => number(v) && v > 0).map(life), [low, high] = [Math.min(...all), Math.max(...all)];
  return [broad((width, tall) => chart({ name: () => word("measured.survival"), width, height: 340 * tall,
    x: { from: low, to: high * 1.02, log: high / low > 30, word: `${about.characteristic}${label ? ` / ${label}` : ""}` }, y: { from: 0, to: 1.02, word: ["measured.alive"], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] },
    marks: (X, Y) => [curve ? [h("path", { d: bandOf(X, Y, curve.t.map(life), curve.lower, curve.upper), class: "band" }), h("path", { d: pathOf(X, Y, curve.t.map(life), curve.value), class: "curve" })] : null,
      about.statistic === "reliability" ? [h("line", { x1: X(life(about.at)), x2: X(life(about.at)), y1: Y(0), y2: Y(1), class: "threshold" }),
        h("line", { x1: X(life(about.at)), x2: X(life(about.at)), y1: Y(own.lower), y2: Y(number(own.upper) ? own.upper : 1), class: "bar" }), h("circle", { cx: X(life(about.at)), cy: Y(own.value), r: 6, class: "dot" }),
        h("line", { x1: X(low), x2: X(high), y1: Y(result.limit), y2: Y(result.limit), class: "limit" })] : null,
      units.map((one) => (one.end === null ? h("circle", { cx: X(life(one.begin)), cy: Y(one.left), r: 5, class: "censored" })
        : [one.begin < one.end ? h("line", { x1: X(Math.max(low, life(one.begin))), x2: X(life(one.end)), y1: Y(one.left), y2: Y(one.left), class: "curve" }) : null, h("path", { d: `M${X(life(one.end)) - 5} ${Y(one.left) - 5}l10 10m0 -10l-10 10`, class: "failed" })]))] })),
  legend(["cross", "measured.failed"], ["ring", "measured.censored"], curve ? ["line", "measured.law"] : null, curve ? ["fill band", "measured.law-bounds", { level: percent(own.confidence) }] : null,
    about.statistic === "reliability" ? ["limitmark", "measured.asked"] : null)];
}

function findings(own) {
  const all = own.details?.departures ?? [];
  return all.length ? table([w("measured.about"), w("measured.kind"), w("measured.state"), w("measured.finding")], all.map((one) => [one.about, named("departure", one.kind),
    one.settled ? h("span", { class: "chip not-met" }, "✕ ", w("measured.departs")) : h("span", { class: "chip not-yet" }, "○ ", w("measured.open")), say(one.text)]), { class: "findings" })
    : h("p", {}, h("span", { class: "chip met" }, "✓ ", w("measured.keeps")));
}

const checks = (all) => h("details", {}, h("summary", {}, w("measured.checks", { n: all.filter((one) => one.holds).length, m: all.length })),
  table([w("measured.check"), w("measured.chance"), w("measured.level"), w("page.state")], all.map((one) => [named("check", one.name), percent(one.chance, 2), percent(one.level, 2),
    one.holds ? h("span", { class: "chip met" }, "✓ ", w("measured.holds")) : h("span", { class: "chip not-met" }, "✕ ", w("measured.fails"))])));
