// What was studied beside the verdict: profiles, posterior, sensitivities, the next trial, curves that were sought.

// The misfit of each value of a parameter, all others free: a drawing a parameter.
function profilesPart() {
  if (!has(verdict.profiles)) return null;
  return [h("h3", { id: "profiles" }, w("study.profiles")), h("p", { class: "lead" }, w("study.profiles-lead")),
    h("div", { class: "tiles" }, verdict.profiles.map(profileTile)),
    legend(["line", "study.profile-curve"], ["dashed", "study.threshold"], verdict.profiles.some((one) => one.active.some(has)) ? ["ring", "study.bound-active"] : null, ["span", "study.profile-interval", { level: percent(verdict.profiles[0].level) }])];
}

function profileTile(one) {
  const top = Math.min(Math.max(...one.rises.filter(number)), 3 * one.threshold) * 1.08 || 1;
  const [low, high] = one.interval, ends = [...one.values, low, high].filter(number), tail_ = tail(pretty(one.unit));
  const pad = 0.04 * (Math.max(...ends) - Math.min(...ends)) || 1;
  return h("figure", { class: "tile" }, h("figcaption", {}, h("b", {}, one.name), ` ${fmt(low)} … ${fmt(high)}${tail_}`,
    one.open.some(Boolean) ? h("strong", { class: "bad" }, " ", w("study.open-end")) : null),
    chart({ name: () => `${word("study.profiles")}: ${one.name}`, height: 220,
      x: { from: Math.min(...ends) - pad, to: Math.max(...ends) + pad, word: `${one.name}${pretty(one.unit) ? ` / ${pretty(one.unit)}` : ""}` },
      y: { from: 0, to: top, word: ["study.rise"] },
      marks: (X, Y) => {
        const y = (v) => Y(Math.min(v, top));
        return [h("rect", { x: X(low), y: Y(top), width: Math.max(1, X(high) - X(low)), height: Y(0) - Y(top), class: "found" }),
          h("line", { x1: X(ends.reduce((a, b) => Math.min(a, b)) - pad), x2: X(Math.max(...ends) + pad), y1: y(one.threshold), y2: y(one.threshold), class: "threshold" }),
          h("path", { d: pathOf(X, y, one.values, one.rises), class: "curve" }),
          one.values.map((v, k) => h("circle", { cx: X(v), cy: y(one.rises[k]), r: has(one.active[k]) ? 6 : 4, class: has(one.active[k]) ? "bound" : "dot", "data-active": (one.active[k] ?? []).join(", ") },
            h("title", {}, `${fmt(v)}${tail_}${has(one.active[k]) ? ` (${one.active[k].join(", ")})` : ""}`)))];
      } }), says(one.words));
}

function discrepancyPart() {
  const own = verdict.discrepancy;
  if (!own) return null;
  const t = own.series.flatMap((one) => one.t), unit = reading(own.unit, question.display), by = (v) => unit.by(v);
  const all = own.series.flatMap((one) => one.error.flatMap((v, k) => [by(v) - 2 * by(one.std[k]), by(v) + 2 * by(one.std[k])])).filter(number);
  const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)], short = (name) => name.split("/").pop();
  return [h("h3", { id: "discrepancy" }, w("study.discrepancy")), h("p", { class: "lead" }, w("study.discrepancy-lead")),
    facts([["study.size", `${fmt(by(own.size), 2)}${tail(unit.difference)}`], ["study.length", seconds(own.length)], ["study.gain", fmt(own.gain, 3)]]),
    has(own.aliased) ? facts(own.aliased.map((one) => [h("span", {}, w("study.aliased"), ` ${one.name}`), `± ${fmt(one.std, 2)}${tail(pretty(one.unit))}`])) : null,
    broad((width, tall) => chart({ name: () => word("study.discrepancy"), width, height: 300 * tall,
      x: { from: Math.min(...t) * clock.by, to: Math.max(...t) * clock.by, word: ["trial.time", { unit: clock.label }] },
      y: { from: low, to: high, word: `${unit.difference}` },
      marks: (X, Y) => own.series.map((one) => {
        const ink = colour(short(one.channel)), x = one.t.map((v) => v * clock.by), e = one.error.map(by), s = one.std.map(by);
        return [h("path", { d: bandOf(X, Y, x, e.map((v, k) => v - 2 * s[k]), e.map((v, k) => v + 2 * s[k])), style: `fill:${tint(ink, 0.1)};stroke:none` }),
          h("path", { d: pathOf(X, Y, x, e), style: `fill:none;stroke:${ink};stroke-width:2`, "stroke-dasharray": { dash: "7 4", dot: "2 3", dashdot: "7 3 2 3" }[dash(short(one.channel))] ?? null }, h("title", {}, short(one.channel)))];
      }) })),
    h("p", { class: "legend" }, own.series.map((one) => h("span", {}, h("i", { style: `height:0;border-top:2.5px ${dash(short(one.channel)) === "solid" ? "solid" : "dashed"} ${colour(short(one.channel))}`, "aria-hidden": "true" }), short(one.channel)))),
    says(own.words)];
}

function runsPart() {
  const book = verdict.ledger;
  if (!book) return null;
  const at = (one) => Object.entries(one.parameters ?? {}).map(([name, v]) => `${name} ${fmt(v)}`).join(", ");
  return [h("h3", { id: "ledger" }, w("study.ledger")),
    facts([["study.runs-recorded", integer(book.runs)], ["study.runs-done", integer(book.done)], ["study.runs-failed", integer(book.failed)],
      ["study.runs-retried", integer(book.retried)], ["study.runs-begun", book.begun ? integer(book.begun) : null], ["study.runs-seconds", fmt(book.seconds, 3)]]),
    has(book.failures) ? h("details", {}, h("summary", {}, w("study.failed-list", { n: book.failed })),
      table([w("study.failed-at"), w("study.failed-cause"), w("study.failed-attempts")], book.failures.map((one) => [at(one), say(one.cause), integer(one.attempts)])),
      book.left_out ? h("p", { class: "note" }, w("study.failed-more", { n: book.left_out })) : null) : null];
}

function posteriorBlock() {
  const own = verdict.posterior;
  if (!own) return null;
  const n = own.parameters.length, found = new Map(own.pairs.map((pair) => [pair.of.join(), pair]));
  const ranges = own.parameters.map((one) => [one.edges[0], one.edges[one.edges.length - 1]]);
  const cell = (i, j) => (i === j ? marginal(own.parameters[i]) : i > j && found.has(`${j},${i}`) ? cloud(found.get(`${j},${i}`), own.parameters[j], own.parameters[i]) : h("div"));
  return section("posterior", lead(own.method === "ensemble" ? "study.posterior-ensemble" : "study.posterior-lead"),
    own.converged ? null : h("p", { class: "notice bad" }, w("study.not-converged")),
    h("div", { class: "scroll", tabindex: "0", role: "group" }, h("div", { class: "corner", style: `grid-template-columns:repeat(${n}, minmax(${n > 3 ? 8 : 11}rem, ${n > 1 ? "1fr" : "26rem"}))` },
      ranges.flatMap((_, i) => ranges.map((__, j) => cell(i, j))))),
    table([w("calibration.parameter"), w("study.mean"), w("study.interval-95"), ...(has(own.parameters[0].rhat) ? ["R̂", w("study.ess")] : [])],
      own.parameters.map((one) => [one.name, `${plusminus(one.mean, one.std)}${tail(pretty(one.unit))}`, `${fmt(one.interval[0])} … ${fmt(one.interval[1])}${tail(pretty(one.unit))}`,
        ...(has(one.rhat) ? [fixed(one.rhat, 3), integer(one.ess)] : [])])),
    facts([["study.runs", w("study.runs-of", { runs: integer(own.runs), tangents: integer(own.tangents) })], ["study.draws", integer(own.draws)],
      ["study.mismatch", number(own.mismatch) ? fmt(own.mismatch, 2) : null], ["study.failed", integer((own.failures ?? []).length)]]),
    says(own.words), has(own.failures) ? h("details", {}, h("summary", {}, w("study.failed-list", { n: own.failures.length })), says(own.failures)) : null);
}

function marginal(one) {
  const top = Math.max(...one.counts, 1), [low, high] = one.interval;
  return h("figure", { class: "tile" }, chart({ name: () => `${word("section.posterior")}: ${one.name}`, width: 300, height: 220, left: 20,
    x: { from: one.edges[0], to: one.edges[one.edges.length - 1], word: `${one.name}${pretty(one.unit) ? ` / ${pretty(one.unit)}` : ""}`, ticks: rounds(one.edges[0], one.edges[one.edges.length - 1], 3) },
    y: { from: 0, to: 1.05 * top, ticks: false },
    marks: (X, Y) => [one.counts.map((count, k) => h("rect", { x: X(one.edges[k]), y: Y(count), width: Math.max(0.5, X(one.edges[k + 1]) - X(one.edges[k]) - 0.5), height: Y(0) - Y(count),
      class: one.edges[k + 1] < low || one.edges[k] > high ? "bin out" : "bin" })),
      [low, high].map((v) => h("line", { x1: X(v), x2: X(v), y1: Y(0), y2: Y(1.05 * top), class: "threshold" })), h("line", { x1: X(one.mean), x2: X(one.mean), y1: Y(0), y2: Y(1.05 * top), class: "mean" })] }));
}

function cloud(pair, a, b) {
  const top = Math.max(...pair.counts.flat(), 1), nx = pair.counts[0].length, ny = pair.counts.length;
  const [dx, dy] = [(pair.x[1] - pair.x[0]) / nx, (pair.y[1] - pair.y[0]) / ny];
  return h("figure", { class: "tile" }, chart({ name: () => `${word("section.posterior")}: ${a.name}, ${b.name}`, width: 300, height: 220, left: 52,
    x: { from: pair.x[0], to: pair.x[1], word: a.name, ticks: rounds(...pair.x, 3) }, y: { from: pair.y[0], to: pair.y[1], word: b.name },
    marks: (X, Y) => pair.counts.flatMap((row, r) => row.map((count, k) => (count ? h("rect", { x: X(pair.x[0] + k * dx), y: Y(pair.y[0] + (r + 1) * dy),
      width: X(pair.x[0] + dx) - X(pair.x[0]) + 0.4, height: Y(pair.y[0]) - Y(pair.y[0] + dy) + 0.4, class: "mass", style: `fill-opacity:${(0.08 + 0.92 * Math.sqrt(count / top)).toFixed(2)}` }) : null))) }));
}

function sensitivityBlock() {
  const own = verdict.sensitivity, few = verdict.screening;
  if (!own && !few) return null;
  return section("sensitivity", own ? sobolPart(own) : null, few ? morrisPart(few) : null);
}

// Bars with what they may be: an interval as a whisker, bounds with failed runs as a pale bar behind.
function barRow(value, interval, bounds, css, most, text) {
  const at = (v) => `${(100 * clamp(v / most, 0, 1)).toFixed(2)}%`, wide = (pair) => `left:${at(pair[0])};width:${(100 * (clamp(pair[1] / most, 0, 1) - clamp(pair[0] / most, 0, 1))).toFixed(2)}%`;
  return h("div", { class: "barline" }, h("div", { class: "track" }, h("b", { class: css, style: `width:${at(value)}` }), bounds ? h("i", { class: "bounds", style: wide(bounds) }) : null,
    interval ? h("i", { class: "whisker", style: wide(interval) }) : null), h("span", {}, text));
}

function sobolPart(own) {
  const rows = [...own.rows].sort((a, b) => b.total - a.total), shown = rows.slice(0, 12), straight = own.method === "tangents";
  const most = Math.max(0.05, ...rows.flatMap((one) => [one.total, one.total_interval?.[1] ?? 0, own.failed ? one.total_bounds?.[1] ?? 0 : 0]));
  const span = (pair) => (straight || !pair ? null : pair), text = (v, pair) => (straight || !pair ? percent(v, 2) : `${percent(v, 2)} (${fmt(100 * pair[0], 2)} … ${fmt(100 * pair[1], 2)})`);
  const line = (one) => [named("cause", one.name), h("div", {},
    straight ? null : barRow(one.first, span(one.first_interval), own.failed ? one.first_bounds : null, "first", most, text(one.first, one.first_interval)),
    barRow(one.total, span(one.total_interval), own.failed ? one.total_bounds : null, "total", most, text(one.total, one.total_interval)))];
  const rest = rows.slice(12);
  return [lead(straight ? "study.tangents-lead" : "study.sobol-lead"), failedSaid(own),
    table([w("budget.cause"), w(straight ? "study.share" : "study.first-total")], shown.map(line), { class: "shares" }),
    straight ? null : legend(["box first", "study.first"], ["box total", "study.total"], ["whisker", "study.whisker"], own.failed ? ["box bounds", "study.failed-bounds"] : null),
    rest.length ? h("p", { class: "note" }, w("study.rest", { n: rest.length, share: percent(Math.max(...rest.map((one) => one.total)), 2) })) : null,
    facts([["study.mean", `${fmt(asked.of(own.mean), 5)}${tail(asked.label)}`], ["study.spread", `${fmt(asked.by(Math.sqrt(own.variance)), 3)}${tail(asked.difference)}`],
      ["study.runs", integer(own.runs)], ["study.failed", integer(own.failed)]]), says(own.words)];
}

const failedSaid = (own) => (own.failed ? h("p", { class: `notice ${has(own.where) ? "bad" : "warn"}` }, has(own.where)
  ? w("study.failed-clustered", { n: own.failed, m: own.runs, where: own.where.join(", ") }) : w("study.failed-random", { n: own.failed, m: own.runs })) : null);

function morrisPart(own) {
  const rows = [...own.rows].sort((a, b) => b.size - a.size).slice(0, 15), most = Math.max(...rows.map((one) => one.size + 2 * (one.error ?? 0)), 1e-300);
  const by = (v) => (number(v) ? `${fmt(asked.by(v), 3)}${tail(asked.difference)}` : "–");
  return [h("h3", {}, w("study.screening")), h("p", { class: "lead" }, w("study.screening-lead")), failedSaid(own),
    table([w("budget.cause"), w("study.effect-size"), w("study.effect"), w("study.scatter")], rows.map((one) => [named("cause", one.name),
      barRow(one.size, number(one.error) ? [Math.max(0, one.size - 2 * one.error), one.size + 2 * one.error] : null, null, "total", most, by(one.size)), by(one.effect), by(one.scatter)]), { class: "shares" }),
    facts([["study.runs", integer(own.runs)], ["study.failed", integer(own.failed)]]), says(own.words)];
}

function nextBlock() {
  const own = verdict.next_trial;
  if (!own) return null;
  const most = Math.max(own.before.std ?? 0, ...own.rows.map((one) => one.std ?? 0)) || 1, by = (v) => (number(v) ? `± ${fmt(asked.by(v), 3)}${tail(asked.difference)}` : "–");
  const place = (one) => say(own.places?.[one.place] ?? one.place);
  const rows = [{ before: true, ...own.before }, ...own.rows];
  const saved = (one) => (number(one.expanded) && own.before.expanded ? percent(Math.max(0, 1 - one.expanded / own.before.expanded), 2) : "–");
  return section("next", lead("study.next-lead"),
    table([w("study.next-place"), w("study.next-std"), w("study.next-expanded"), w("study.next-saved")], rows.map((one, k) => [one.before ? w("study.next-before") : [place(one), k === 1 ? h("small", {}, w("study.next-best")) : null,
      one.plan && new Set(own.rows.map((row) => row.plan)).size > 1 ? h("small", {}, one.plan) : null],
    barRow(one.std ?? 0, null, null, one.before ? "first" : "total", most, number(one.std) ? `${fmt(asked.by(one.std), 3)}${tail(asked.difference)}` : "–"), by(one.expanded), one.before ? "" : saved(one)]), { class: "shares" }),
    number(own.held) ? facts([["study.next-held", by(own.held)]]) : null, says(own.words),
    has(own.checks) ? [h("h3", {}, w("study.promise")), table([w("study.promise-sensor"), w("study.promised"), w("study.reached"), w("study.misfit-became")],
      own.checks.map((one) => [one.name, `× ${fixed(one.promised, 2)}`, `× ${fixed(one.reached, 2)}`, `× ${fixed(one.misfit, 2)}`]))] : null);
}

function recoveredBlock() {
  if (!has(verdict.recovered)) return null;
  return section("recovered", lead("study.recovered-lead"), verdict.recovered.map((own) => {
    const x = own.over === "time" ? { by: (v) => v * clock.by, word: ["trial.time", { unit: clock.label }] } : { by: (v) => reading("K", "degC").of(v), word: ["study.wall", { unit: reading("K", "degC").label }] };
    const at = own.at.map(x.by), low = own.values.map((v, k) => v - 2 * own.std[k]), high = own.values.map((v, k) => v + 2 * own.std[k]);
    const quiet = [own.values.map((v, k) => v - 2 * own.noise_std[k]), own.values.map((v, k) => v + 2 * own.noise_std[k])];
    const all = [...low, ...high].filter(number), span = Math.max(...all) - Math.min(...all) || 1;
    return [h("h3", {}, own.name), broad((width, tall) => chart({ name: () => `${word("section.recovered")}: ${own.name}`, width, height: 320 * tall, left: 64,
      x: { from: Math.min(...at), to: Math.max(...at), word: x.word }, y: { from: Math.min(...all) - 0.05 * span, to: Math.max(...all) + 0.05 * span, word: `${own.name} / ${pretty(own.unit) || "1"}` },
      marks: (X, Y) => [h("path", { d: bandOf(X, Y, at, low, high), class: "wideband" }), h("path", { d: bandOf(X, Y, at, ...quiet), class: "band" }), h("path", { d: pathOf(X, Y, at, own.values), class: "curve" }),
        own.values.map((v, k) => h("circle", { cx: X(at[k]), cy: Y(v), r: 4, class: own.seen[k] ? "dot" : "unseen" }))] })),
    legend(["line", "study.found"], ["fill band", "study.noise-band"], ["fill wideband", "study.whole-band"], own.seen.some((one) => !one) ? ["ring", "study.unseen"] : null),
    facts([["study.principle", named("principle", own.principle)], ["calibration.misfit", fmt(own.misfit, 3)], ["study.told", fmt(own.told, 3)],
      ["study.width", own.over === "time" ? seconds(Math.min(...own.widths)) : `${fmt(Math.min(...own.widths), 3)} K`]]), says(own.words)];
  }));
}

// How probable it is that the limit is broken, by two methods, and where it would be.
function breakingPart() {
  const own = verdict.reliability;
  if (!own) return null;
  const sound = (key, holds) => [key, holds === undefined ? null : holds ? yes(true) : h("strong", { class: "bad" }, w("page.no"))];
  const odds = (v) => (number(v) ? fmt(v, 2) : "–");
  return [h("h3", { id: "breaking" }, w("study.breaking")), h("p", { class: "lead" }, w("study.breaking-lead")),
    facts([["study.by-draws", h("b", {}, odds(own.probability))], ["study.draws-scatter", number(own.scatter) ? percent(own.scatter, 2) : w("page.infinite")], ["study.by-form", odds(own.first_order)],
      ["study.beta", odds(own.index)], ["study.by-budget", odds(own.by_budget)], sound("study.form-converged", own.converged), sound("study.draws-settled", own.settled), sound("study.methods-agree", own.agree),
      ["study.runs", integer(own.runs)], ["study.failed", integer(own.failed)]]),
    has(own.point) && Object.keys(own.point).length ? h("details", {}, h("summary", {}, w("study.design-point")),
      table([w("budget.cause"), w("study.value-there")], Object.entries(own.point).map(([name, v]) => [named("cause", name), fmt(v)]))) : null];
}

// Sensors, clocks and units that are not what they are taken for, as the data show.
const mistakenPart = (list) => (has(list) ? [h("h3", {}, w("study.mistaken")), says(list.map((one) => one.text ?? { en: one.en, zh: one.zh }))] : null);
