// Small drawings in SVG: two axes with round numbers, whatever the marks; they print, and need nothing unpacked.

let drawings = 0;

// Round numbers inside [low, high], about `wanted` of them.
function rounds(low, high, wanted = 4) {
  const rough = (high - low) / wanted || 1, power = 10 ** Math.floor(Math.log10(rough)), lead_ = rough / power;
  const step = power * (lead_ < 1.5 ? 1 : lead_ < 3.5 ? 2 : lead_ < 7.5 ? 5 : 10), found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) found.push(Math.abs(k) * step < 1e-12 * Math.abs(high - low) ? 0 : k * step);
  return found;
}

const decades = (low, high) => rounds(Math.log10(low), Math.log10(high), 5).filter((p) => Number.isInteger(p)).map((p) => 10 ** p);

// A word of the page inside a drawing.
function svgWord(given, key, values) {
  const node = h("text", { ...given, "data-word": key });
  relive(() => { node.textContent = word(key, values); }, node);
  return node;
}

// As many places as the step between ticks needs.
const tickText = (ticks) => (v) => {
  const step = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : Math.abs(v) || 1;
  return Math.abs(v) >= 1e5 || (v !== 0 && step < 1e-4) ? fmt(v, 3) : fixed(v, Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9))));
};

/* One drawing. x, y: { from, to, log, word: [key, values] or text, ticks: false }; marks(X, Y) returns nodes; `name` is
   what a screen reader says. */
function chart({ x, y, marks, name, width = 420, height = 250, left = 58 }) {
  const id = `drawing-${drawings += 1}`, title = h("title", { id });
  relive(() => { title.textContent = spoken(name); }, title);
  const scale = (axis, a, b) => {
    const go = axis.log ? Math.log10 : (v) => v, low = go(axis.from), span = go(axis.to) - low || 1;
    return (v) => a + ((go(v) - low) / span) * (b - a);
  };
  const bottom = height - 44, right = width - 14, top = 14;
  const X = scale(x, left, right), Y = scale(y, bottom, top);
  const marked = (axis, wanted) => (axis.ticks === false ? [] : axis.ticks ?? (axis.log ? decades(axis.from, axis.to) : rounds(axis.from, axis.to, wanted)));
  const tx = marked(x, 5), ty = marked(y, 4), [sx, sy] = [x.log ? (v) => fmt(v, 2) : tickText(tx), tickText(ty)];
  const label = (axis, given) => (axis.word ? (Array.isArray(axis.word) ? svgWord(given, ...axis.word) : h("text", given, axis.word)) : null);
  return h("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": id, class: "chart" }, title,
    ty.map((v) => [h("line", { x1: left, x2: right, y1: Y(v), y2: Y(v), class: "grid" }), h("text", { x: left - 6, y: Y(v) + 4, "text-anchor": "end" }, sy(v))]),
    h("line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "axis" }),
    tx.map((v) => [h("line", { x1: X(v), x2: X(v), y1: bottom, y2: bottom + 4, class: "axis" }), h("text", { x: X(v), y: bottom + 18, "text-anchor": "middle" }, sx(v))]),
    label(x, { x: (left + right) / 2, y: height - 6, "text-anchor": "middle", class: "axis-name" }),
    label(y, { x: -(top + bottom) / 2, y: 12, "text-anchor": "middle", transform: "rotate(-90)", class: "axis-name" }),
    marks(X, Y));
}

// A drawing across the page, made anew where the page becomes narrow or wide; `make` gets its width and a share of its height.
function broad(make) {
  const figure = h("figure", { class: "wide" });
  const draw = () => figure.replaceChildren(make(wide.matches ? 820 : 380, wide.matches ? 1 : 0.8));
  wide.addEventListener("change", draw);
  draw();
  return figure;
}

const pathOf = (X, Y, xs, ys) => xs.map((v, k) => (number(v) && number(ys[k]) ? [X(v), Y(ys[k])] : null)).filter(Boolean)
  .map(([a, b], k) => `${k ? "L" : "M"}${a.toFixed(1)} ${b.toFixed(1)}`).join("");
const bandOf = (X, Y, xs, low, high) => {
  const there = xs.map((v, k) => k).filter((k) => number(low[k]) && number(high[k]));
  return there.length < 2 ? "" : `${there.map((k, n) => `${n ? "L" : "M"}${X(xs[k]).toFixed(1)} ${Y(high[k]).toFixed(1)}`).join("")}${[...there].reverse()
    .map((k) => `L${X(xs[k]).toFixed(1)} ${Y(low[k]).toFixed(1)}`).join("")}Z`;
};
const clamp = (v, low, high) => Math.min(high, Math.max(low, v));

// What a mark of a drawing means.
function legend(...entries) {
  return h("p", { class: "legend" }, entries.filter(Boolean).map(([css, key, values]) => h("span", {}, h("i", { class: css, "aria-hidden": "true" }), w(key, values))));
}

// A name of the tool's own in the language of the moment; what an engineer named stays as it is.
const named = (room, name) => (words[room] && Object.hasOwn(words[room], slug(name)) ? w(`${room}.${slug(name)}`) : name ?? "");
const inWords = (room, name) => (words[room] && Object.hasOwn(words[room], slug(name)) ? word(`${room}.${slug(name)}`) : name ?? "");
