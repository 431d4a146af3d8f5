// What the page says first: the verdict with its picture, and the budget.

const ICONS = { PASS: "✓", FAIL: "✕", INCONCLUSIVE: "?", "NOT-VALID-HERE": "⊘" };
const question = verdict.question ?? {};
const result = verdict.result ?? {};
const asked = question.interest?.statistic === "spread" ? apart() : reading(question.interest?.unit ?? "K", question.display);
const limitOf = number(result.limit) ? result.limit : question.limit; // of two the nearer one
const limitsOf = Array.isArray(question.limit) ? question.limit : [limitOf];
const acceptOf = limitsOf.length > 1 && has(result.acceptance) ? result.acceptance : [number(result.acceptance_limit) ? result.acceptance_limit : limitOf];

// A structure at rest: its answer has no time, and is the worst over places and load cases.
const atRest = !["K", "s"].includes(question.interest?.unit ?? "K") && question.interest?.window?.[0] === 0 && question.interest?.window?.[1] === 1;
// Units in which people read what is held in SI, where no requirement says another.
const USUAL = { Pa: "MPa", m: "mm" };

// A spread is a difference of temperatures, whatever unit of temperature it is read in.
function apart() {
  const unit = reading(question.interest?.unit ?? "K", question.display);
  return { ...unit, of: unit.by, label: unit.difference };
}

// What the number is, in words: its statistic, its levels and its window.
function theNumber() {
  const { statistic, levels, window: span } = question.interest ?? {}, key = `verdict.ask-${slug(statistic)}${atRest ? "-rest" : ""}`;
  if (!known(key)) return null;
  const heat = question.interest.unit === "K" ? reading("K", question.display) : reading("K", "degC");
  const [from, to] = (levels ?? []).map((level) => fmt(heat.of(level), 5));
  return [w(key, { from, to, unit: heat.label }), has(span) && !atRest ? h("small", {}, " ", w("verdict.ask-window", { from: fmt(span[0]), to: fmt(span[1], 5) })) : null];
}

function head() {
  const button = h("button", { id: "lang", type: "button", "aria-label": () => word("page.switch-label"),
    onclick: () => switchTo(language === "en" ? "zh" : "en") }, w("page.switch"));
  return h("header", { class: "top" },
    h("a", { class: "skip", href: "#verdict" }, w("page.skip")),
    h("div", { class: "brand" }, h("b", {}, "Foretrial"), h("span", { lang: "zh" }, "先试"),
      h("span", { class: "sub" }, w("page.report"))),
    h("div", { class: "tools" },
      h("button", { id: "print", type: "button", onclick: () => window.print() }, w("page.print")), button));
}

function contents(ids) {
  return h("nav", { class: "contents", "aria-label": () => word("page.contents") },
    h("ol", {}, ids.map((id) => h("li", {}, h("a", { href: `#${id}` }, w(`nav.${id}`))))));
}

function verdictBlock() {
  const state = result.state ?? "INCONCLUSIVE";
  const spread = number(result.expanded) ? asked.by(result.expanded) : NaN;
  const p = placesOf(spread);
  const sense = w(limitsOf.length > 1 ? "verdict.within" : question.sense === "at least" ? "verdict.at-least" : "verdict.at-most").dataset.word;
  const ends = (all) => `${all.map((v) => fixed(asked.of(v), p)).join(" … ")}${tail(asked.label)}`;
  const numbers = facts([
    ["verdict.ask", theNumber()],
    [verdict.measured ? "verdict.value-found" : "verdict.value", h("b", { "data-si": result.value }, `${plusminus(asked.of(result.value), spread)}${tail(asked.label)}`)],
    [w("verdict.limit", { sense: () => word(sense) }), ends(limitsOf)],
    ["verdict.margin", `${plusminus(asked.by(result.margin), spread)}${tail(asked.difference)}`],
    [w("verdict.expanded", { k: fmt(question.coverage ?? verdict.budget?.coverage ?? 2) }), `± ${fixed(spread, p)}${tail(asked.difference)}`],
    ["verdict.guard", number(result.guard_band) ? `${fixed(asked.by(result.guard_band), p)}${tail(asked.difference)}` : null],
    ["verdict.acceptance", acceptOf[0] > acceptOf[1] ? w("verdict.acceptance-none") : number(result.acceptance_limit) ? ends(acceptOf) : null],
    ["verdict.governs", has(result.governs?.observation) ? atRest ? result.governs.observation : w("verdict.governs-at", { name: result.governs.observation, t: seconds(result.governs.time) }) : null],
    ["verdict.false-accept", result.state !== "FAIL" && number(result.false_accept) ? percent(result.false_accept) : null],
    ["verdict.false-reject", result.state !== "PASS" && number(result.false_reject) ? percent(result.false_reject) : null],
    ["verdict.accuracy", number(question.accuracy) ? `± ${fmt(asked.by(question.accuracy))}${tail(asked.difference)}` : null],
  ], { class: "facts numbers" });
  return h("section", { id: "verdict", class: `hero state-${slug(state)}`, "aria-labelledby": "verdict-title" },
    h("div", { class: "stamp", role: "status" },
      h("span", { class: "icon", "aria-hidden": "true" }, ICONS[state] ?? "?"),
      h("div", {}, h("strong", { id: "state", "data-state": state }, known(`state.${state}`) ? w(`state.${state}`) : state),
        h("span", {}, known(`state.${state}-says`) ? w(`state.${state}-says`) : null))),
    h("div", { class: "asked" },
      h("h1", { id: "verdict-title" }, say(verdict.title)),
      h("p", { class: "question" }, say(question.text)),
      h("p", { class: "meta" }, verdict.id ? h("code", {}, verdict.id) : null,
        has(question.verification) ? h("span", {}, w("verdict.serves"), " ", known(`verification.${slug(question.verification)}`)
          ? w(`verification.${slug(question.verification)}`) : question.verification) : null,
        has(verdict.created) ? w("page.created", { at: date(verdict.created) }) : null)),
    picture(), numbers,
    h("div", { class: "why" },
      has(result.reasons) ? [h("h3", {}, w("verdict.reasons")), says(result.reasons)] : null,
      trust(), frozen(), flips()));
}

// Value, interval, limit and guard band on one axis; drawn again where the page becomes narrow or wide.
const wide = window.matchMedia("(min-width: 700px)");

function picture() {
  const figure = h("figure", { class: "picture" });
  const draw = () => figure.replaceChildren(...[axis()].filter(Boolean));
  wide.addEventListener("change", draw);
  draw();
  return figure;
}

function axis() {
  const value = asked.of(result.value), limit = asked.of(limitOf), spread = asked.by(result.expanded);
  if (![value, limit, spread].every(number)) return null;
  const accept = number(result.acceptance_limit) ? asked.of(result.acceptance_limit) : limit;
  const limits = limitsOf.map(asked.of), accepts = acceptOf.map(asked.of);
  const all = [value - spread, value + spread, ...limits, ...accepts];
  const span = Math.max(...all) - Math.min(...all) || 1;
  const [low, high] = [Math.min(...all) - 0.16 * span, Math.max(...all) + 0.16 * span];
  const W = wide.matches ? 680 : 360, x = (v) => 20 + ((v - low) / (high - low)) * (W - 40);
  const good = limits.length > 1 ? accepts.map(x) : question.sense === "at least" ? [x(accept), W - 20] : [20, x(accept)];
  const p = placesOf(spread), mid = 62;
  const side = (v) => (x(v) > W * 0.82 ? "end" : x(v) < W * 0.18 ? "start" : "middle");
  const label = (v, y, text, css) => h("text", { x: x(v), y, "text-anchor": side(v), class: css }, text);
  const spoke = (v) => `${fixed(v, p)} ${asked.label}`;
  const close = Math.abs(x(limit) - x(accept)) < 230;
  const title = h("title");
  relive(() => { title.textContent = word("verdict.picture", { value: `${plusminus(value, spread)} ${asked.label}`, limit: limits.map(spoke).join(" … "), accept: accepts.map(spoke).join(" … ") }); }, title);
  const named = (v, y, key, css, shown) => {
    const node = label(v, y, "", css);
    node.dataset.word = key;
    relive(() => { node.textContent = `${word(key)} ${shown}`; }, node);
    return node;
  };
  return h("svg", { viewBox: `0 0 ${W} 132`, role: "img", "aria-labelledby": "picture-title" }, Object.assign(title, { id: "picture-title" }),
      h("rect", { x: good[0], y: mid - 12, width: Math.max(0, good[1] - good[0]), height: 24, class: "good" }),
      limits.map((end, k) => h("rect", { x: Math.min(x(accepts[k]), x(end)), y: mid - 12, width: Math.abs(x(end) - x(accepts[k])), height: 24, class: "guard" })),
      h("line", { x1: 20, x2: W - 20, y1: mid, y2: mid, class: "axis" }),
      limits.map((end) => h("line", { x1: x(end), x2: x(end), y1: mid - 26, y2: mid + 26, class: "limit" })),
      accept !== limit ? accepts.map((end) => h("line", { x1: x(end), x2: x(end), y1: mid - 20, y2: mid + 20, class: "accept" })) : null,
      h("line", { x1: x(value - spread), x2: x(value + spread), y1: mid, y2: mid, class: "bar" }),
      [-1, 1].map((s) => h("line", { x1: x(value + s * spread), x2: x(value + s * spread), y1: mid - 9, y2: mid + 9, class: "bar" })),
      h("circle", { cx: x(value), cy: mid, r: 7, class: "dot" }),
      limits.map((end) => named(end, mid - 34, "verdict.picture-limit", "strong", spoke(end))),
      accept !== limit && limits.length === 1 ? named(accept, close ? mid + 62 : mid - 34, "verdict.picture-accept", "", spoke(accept)) : null,
      accept !== limit && close && limits.length === 1 ? h("line", { x1: x(accept), x2: x(accept), y1: mid + 20, y2: mid + 50, class: "accept thin" }) : null,
      named(value, mid + 42, "verdict.picture-value", "strong", `${plusminus(value, spread)} ${asked.label}`));
}

const listed = (named) => Object.keys(named ?? {}).join(", ");

function trust() {
  const cal = verdict.calibration, val = verdict.validation, said = [];
  const starts = cal?.starts?.length;
  if (starts && number(cal.reached_best)) {
    const n = cal.reached_best < 1 && cal.reached_best > 0 ? Math.round(cal.reached_best * starts) : cal.reached_best;
    said.push(w("verdict.trust-starts", { n, m: starts }));
    if (cal.failures?.length) said.push(w("verdict.trust-failed", { n: cal.failures.length }));
  }
  if (val && Object.keys(val.data ?? {}).length) {
    said.push(w(val.disjoint === false ? "verdict.trust-seen" : "verdict.trust-unseen", { data: listed(val.data) }));
    const c = val.coverage;
    const whole = c && number(c.with_model_form) ? c.with_model_form : c?.observed;
    if (number(whole)) said.push(w("verdict.trust-cover", { p: percent(whole), n: integer(c.n), s: percent(c.stated) }));
    if (number(c?.observed) && whole !== c.observed) said.push(w("verdict.trust-bare", { p: percent(c.observed) }));
  } else said.push(w(verdict.measured ? "verdict.trust-measured" : "verdict.trust-none"));
  return h("p", { class: "trust" }, said.map((one, k) => [k ? h("span", { class: "sep" }, " · ") : null, one]));
}

function frozen() {
  const freeze = question.freeze;
  const key = !freeze || !has(freeze.digest) ? "verdict.frozen-not" : freeze.before_result === false ? "verdict.frozen-late" : "verdict.frozen";
  return h("p", { class: `freeze ${key.slice(8)}` }, w(key, { at: date(freeze?.at) }));
}

function flips() {
  return has(result.flips) ? [h("h3", {}, w("verdict.flips")), says(result.flips.map((flip) => flip.text ??
    `${flip.name}: ${fmt(flip.by, 3)} ${pretty(flip.unit)}`))] : null;
}

const kindOf = (kind) => h("span", { class: `kind kind-${slug(kind)}` }, known(`kind.${slug(kind)}`) ? w(`kind.${slug(kind)}`) : kind ?? "");

// Where a line comes from: what the tool says of its own in either language, what an engineer wrote as it stands.
function sourceOf(source) {
  const refined = /^refinement, (.*)$/.exec(source), tried = /^validation on (.*)$/.exec(source), few = /^(\S+) one-sided bound from (\d+)$/.exec(source);
  if (refined) return w("source.refinement", { method: () => inWords("method", refined[1]) });
  if (tried) return w("source.validation", { data: tried[1] });
  return few ? w("source.bound", { level: few[1], n: few[2] }) : named("source", source);
}

// What the budget is of: the statistic of an observation, in the page's words.
function budgetOf(quantity) {
  const found = typeof quantity === "string" ? /^(max|min|mean|last|spread|cooling time) of (.*)$/.exec(quantity) : null;
  const of = typeof quantity === "string" ? /^(.*?) (?:of|from) (.*)$/.exec(quantity) : null;
  if (found) return word(`quantity.${slug(found[1])}`, { name: found[2] });
  return verdict.measured && of ? word(of[1] === "departures" ? "quantity.departures" : "quantity.of", { what: inWords("statistic", of[1]), name: of[2] }) : typeof quantity === "string" ? inWords("statistic", quantity) : spoken(quantity);
}

function budgetBlock() {
  const budget = verdict.budget;
  if (!has(budget?.lines)) return verdict.measured ? null : section("budget", nothing());
  const unit = reading(budget.unit, question.display);
  const lines = [...budget.lines].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const largest = Math.max(...lines.map((line) => Math.abs(line.contribution)), 1e-300);
  const total = number(budget.combined) ? budget.combined ** 2 : lines.reduce((sum, line) => sum + line.contribution ** 2, 0);
  const by = (x) => `${fmt(unit.by(x), 3)}${tail(unit.difference)}`, read = (line) => reading(line.unit, USUAL[line.unit]);
  const rows = (list) => list.map((line) => [
    [h("span", { class: "cause" }, named("cause", line.name)), has(line.source) ? h("small", {}, sourceOf(line.source)) : null,
      has(line.group) ? h("small", {}, w("budget.group", { group: line.group })) : null],
    kindOf(line.kind),
    h("div", { class: "barcell" }, h("div", { class: `bar kind-${slug(line.kind)}`, style: `width:${(100 * Math.abs(line.contribution)) / largest}%` }),
      h("span", { "data-contribution": line.contribution }, by(Math.abs(line.contribution)))),
    percent(line.contribution ** 2 / total, 2),
    `${fmt(read(line).by(line.std), 3)}${tail(read(line).difference)}`,
    number(line.sensitivity) ? fmt(unit.by(line.sensitivity) / read(line).by(1), 3) : "–",
  ]);
  const heads = () => ["budget.cause", "budget.kind", "budget.contribution", "budget.share", "budget.std", "budget.sensitivity"].map((key) => w(key));
  const small = lines.findIndex((line) => line.contribution ** 2 < 0.005 * total); // half a per cent of the variance
  const told = small < 0 || lines.length - small < 3 ? lines.length : Math.max(5, small), rest = lines.slice(told);
  const together = Math.sqrt(rest.reduce((sum, line) => sum + line.contribution ** 2, 0));
  return section("budget", lead("budget.lead", { quantity: () => budgetOf(budget.quantity) }),
    table(heads(), rows(lines.slice(0, told)), { class: "bars" }),
    rest.length ? h("details", { id: "budget-rest" }, h("summary", {}, w("budget.rest", { n: rest.length, u: by(together) })),
      table(heads(), rows(rest), { class: "bars" })) : null,
    facts([
      ["budget.combined", number(budget.combined) ? by(budget.combined) : null],
      [w("budget.expanded", { k: fmt(budget.coverage) }), h("b", {}, by(budget.expanded))],
      ["budget.dof", number(budget.dof) ? fmt(budget.dof, 3) : w("page.infinite")],
    ]), breakingPart());
}
