// The page's own grammar: elements, words in two languages, numbers with units. All text enters as text, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const words = JSON.parse(document.getElementById("words").textContent);
const verdict = data.verdict;
const LANGUAGES = ["en", "zh"];
const KEPT = "foretrial-language";
// Okabe and Ito's palette: told apart with any colour vision. Dash and symbol say the same twice.
const PALETTE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#a07400", "#3d9bd1", "#000000", "#7a5195"];
const DASHES = ["solid", "solid", "solid", "solid", "dash", "dash", "dot", "dot"];
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "pentagon"];

let language = firstLanguage();
const live = []; // what must be said again when the language changes
const later = []; // what needs plotly

function firstLanguage() {
  try {
    const kept = localStorage.getItem(KEPT);
    if (LANGUAGES.includes(kept)) return kept;
  } catch { /* a page opened from a disk may have no storage */ }
  return /^zh\b/i.test(navigator.language || "") ? "zh" : "en";
}

function word(key, values = {}) {
  const [room, name] = key.split(".");
  const entry = words[room] && words[room][name];
  const text = entry ? entry[language] : key;
  return text.replace(/\{(\w+)\}/g, (whole, slot) => (slot in values ? String(spoken(values[slot])) : whole));
}

const known = (key) => { const [room, name] = key.split("."); return Boolean(words[room] && words[room][name]); };
const slug = (text) => String(text).replace(/[ _]/g, "-");

// A value that depends on the language is a function; a text from the verdict is {en, zh} or a string.
function spoken(value) {
  if (typeof value === "function") return spoken(value());
  if (value && typeof value === "object" && !Array.isArray(value)) return value[language] ?? value.en ?? value.zh ?? "";
  return value ?? "";
}

function relive(act, node) { live.push({ act, node }); act(); }

// Say everything again; what has left the page is forgotten.
function resay() {
  sweep();
  for (const one of live) one.act();
}

function sweep() {
  live.splice(0, live.length, ...live.filter((one) => !one.node || one.node.isConnected));
}

// Text with the letters of V&V 20 set as they are printed: u_val is u with a subscript.
function typeset(node, text) {
  const pieces = String(text).split(/\bu_(val|num|input|D)\b/);
  node.replaceChildren(...pieces.map((piece, k) => {
    if (k % 2 === 0) return piece;
    const [letter, below] = [document.createElement("i"), document.createElement("sub")];
    letter.textContent = "u";
    below.textContent = piece;
    letter.append(below);
    return letter;
  }));
}

const SVG = new Set(["svg", "g", "line", "rect", "circle", "path", "text", "polyline", "title"]);

function h(tag, given = {}, ...children) {
  const node = SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") node.style.cssText = value;
    else if (typeof value === "function") relive(() => node.setAttribute(name, spoken(value)), node);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : typeof child === "object" || typeof child === "function" ? say(child) : String(child))));
  return node;
}

// A word of the page's own; `data-word` lets a reader's test see that both languages say it.
function w(key, values) {
  const node = document.createElement("span");
  node.dataset.word = key;
  relive(() => typeset(node, word(key, values)), node);
  return node;
}

// A text of the verdict, in the language of the moment.
function say(value) {
  const node = document.createElement("span");
  if (value && typeof value === "object") node.dataset.text = "";
  relive(() => typeset(node, spoken(value)), node);
  return node;
}

const says = (list) => (list && list.length ? h("ul", { class: "says" }, list.map((one) => h("li", {}, say(one)))) : null);
const has = (value) => value !== null && value !== undefined && value !== "" && !(Array.isArray(value) && !value.length);
const number = (value) => typeof value === "number" && Number.isFinite(value);

// Numbers -----------------------------------------------------------------------------------------------------------

function fmt(value, digits = 4) {
  if (!number(value)) return has(value) ? String(value) : "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) {
    const [mantissa, power] = value.toExponential(digits - 1).split("e");
    return `${mantissa.replace(/\.?0+$/, "")}×10${[...String(Number(power))].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("")}`;
  }
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return value.toFixed(Math.min(places, 10)).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "").replace("-", "−");
}

// As many places as two digits of the uncertainty need.
function placesOf(spread) {
  if (!number(spread) || spread <= 0) return 2;
  return Math.min(8, Math.max(0, 1 - Math.floor(Math.log10(spread))));
}

const fixed = (value, places) => (number(value) ? value.toFixed(places).replace("-", "−") : "–");
const plusminus = (value, spread) => {
  const places = placesOf(spread);
  return `${fixed(value, places)} ± ${fixed(spread, places)}`;
};
const percent = (share, digits = 3) => (!number(share) ? "–" : share !== 0 && share < 0.001 ? `${(100 * share).toPrecision(1)} %` : `${fmt(100 * share, digits)} %`);
const integer = (value) => (number(value) ? Math.round(value).toLocaleString("en").replaceAll(",", " ") : "–");

const LABELS = { degC: "°C", degF: "°F", kelvin: "K", "1": "", percent: "%" };
const pretty = (unit) => LABELS[unit] ?? String(unit ?? "").replace(/\./g, "·").replace(/([a-zA-Z])2/g, "$1²").replace(/([a-zA-Z])3/g, "$1³");

// How people read a value held in an SI unit: of = a value, by = a difference.
function reading(unit, display) {
  const [scale, offset] = data.units[`${unit}|${display}`] ?? [1, 0];
  const shown = data.units[`${unit}|${display}`] ? display : unit;
  const apart = offset !== 0 && scale === 1 ? unit : shown; // a difference of degrees Celsius is one of kelvin
  return { of: (x) => (number(x) ? scale * x + offset : x), by: (x) => (number(x) ? scale * x : x),
    label: pretty(shown), difference: pretty(apart), known: Boolean(data.units[`${unit}|${display}`]) };
}

const tail = (unit) => (unit ? ` ${unit}` : "");
const seconds = (t) => (!number(t) ? "–" : t >= 120 ? `${fmt(t, 6)} s (${fmt(t / 60, 4)} min)` : `${fmt(t, 5)} s`);
const places = (place) => (Array.isArray(place) ? `(${place.map((x) => fmt(1000 * x, 5)).join(", ")}) mm` : "–");
const date = (text) => String(text ?? "").replace("T", " ").replace(/(\.\d+)?([+]00:00|Z)$/, " UTC");
const at = (t) => (t >= 60 ? `${fmt(t, 5)} s · ${fmt(t / 60, 4)} min` : `${fmt(t, 5)} s`);

// Names keep one colour everywhere: sensors on the part, curves, lists.
const order = [];
for (const one of verdict.series ?? []) if (!order.includes(one.channel)) order.push(one.channel);
for (const named of verdict.fields ?? []) {
  for (const probe of named.probes ?? []) {
    if (!order.includes(probe.name) && !order.includes(twin(probe.name))) order.push(probe.name);
  }
}
// A probe is drawn as the channel of its name, or as the only channel of the station of its name.
function twin(name) {
  if ((verdict.series ?? []).some((one) => one.channel === name)) return name;
  const there = new Set((verdict.series ?? []).filter((one) => one.station === name).map((one) => one.channel));
  return there.size === 1 ? [...there][0] : name;
}
// Where there are more names than colours, each station has them all: a place in its section keeps its colour.
const stationOf = new Map((verdict.series ?? []).map((one) => [one.channel, one.station]));
const stations = [...new Set(stationOf.values())];
const many = order.length > PALETTE.length && stations.length > 1;
const rank = (name) => {
  const channel = twin(name), own = stationOf.get(channel);
  return Math.max(0, (many && stationOf.has(channel) ? order.filter((one) => stationOf.get(one) === own) : order).indexOf(channel));
};
const group = (name) => (many && stationOf.has(twin(name)) ? stations.indexOf(stationOf.get(twin(name))) : rank(name));
const colour = (name) => PALETTE[rank(name) % PALETTE.length];
const dash = (name) => (many ? ["solid", "dash", "dot", "dashdot"][group(name) % 4] : DASHES[rank(name) % DASHES.length]);
const symbol = (name) => SYMBOLS[group(name) % SYMBOLS.length];

// Small frames ------------------------------------------------------------------------------------------------------

function section(id, ...children) {
  return h("section", { id, "aria-labelledby": `${id}-title`, class: "block" },
    h("h2", { id: `${id}-title` }, w(atRest && known(`section.${id}-rest`) ? `section.${id}-rest` : `section.${id}`)), children);
}

const nothing = () => h("p", { class: "none" }, w("page.none"));
const lead = (key, values) => h("p", { class: "lead" }, w(key, values));

function table(heads, rows, given = {}) {
  return h("div", { class: "scroll", tabindex: "0", role: "group" },
    h("table", given,
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((row) => (row instanceof Node ? row
        : h("tr", {}, row.map((cell, k) => h(k ? "td" : "th", k ? {} : { scope: "row" }, cell))))))));
}

function facts(pairs, given = {}) {
  const kept = pairs.filter(([, value]) => has(value));
  return kept.length ? h("dl", { class: "facts", ...given }, kept.map(([key, value]) =>
    h("div", {}, h("dt", {}, typeof key === "string" ? w(key) : key), h("dd", {}, value)))) : null;
}

const yes = (truth) => w(truth ? "page.yes" : "page.no");
