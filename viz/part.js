// The part in three dimensions: its outer cells with their stored values, turned, stepped through and probed.

const parts = (data.fields ?? []).map((field, k) => ({ ...field, named: verdict.fields[k] }));
const sights = [];

function partBlock() {
  if (!parts.length) return section("part", nothing());
  const shown = parts.map((field, k) => (field.trouble
    ? h("p", { class: "notice warn" }, w(`part.${field.trouble}`, { file: field.named.file, faces: integer(field.faces) }))
    : field.kind === "deformed" ? bent(field, k) : sight(field, k)));
  const solid = parts.every((field) => field.kind === "deformed");
  return section("part", lead(solid ? "bent.lead" : "part.lead"), shown);
}

async function unpackParts() {
  for (const one of sights) await one();
}

function sight(field, k) {
  const tagged = (id) => (k ? `${id}-${k}` : id); // the first view has the plain ids
  const unit = reading(field.named.unit, field.named.display), last = field.times.length - 1;
  const begins = decisive(field.times);
  const slider = h("input", { id: tagged("time"), type: "range", min: "0", max: String(last), step: "1", value: String(begins), "aria-label": () => word("part.time"),
    oninput: () => show(Number(slider.value)) });
  const clockface = h("output", { id: tagged("time-now"), for: tagged("time") });
  const play = h("button", { type: "button", id: tagged("play"), onclick: () => toggle() }, w("part.play"));
  const probe = h("div", { id: tagged("probe"), class: "probe", role: "status", "aria-live": "polite" }, h("p", {}, w("part.probe-none")));
  const sensors = h("div", { id: tagged("sensors") });
  const cells = h("input", { type: "checkbox", id: tagged("cells"), checked: true, onchange: () => view.paint() });
  const labels = h("input", { type: "checkbox", id: tagged("labels"), checked: true, onchange: () => view.paint() });
  const stretch = h("input", { type: "checkbox", id: tagged("stretch"), onchange: () => show(step) });
  const blend = h("input", { type: "checkbox", id: tagged("blend"), onchange: () => show(step) });
  const legend = h("div", { class: "scale" });
  const view = stage({ id: tagged("view"), describedby: tagged("probe"), label: "part.view", flat: field.flat, anchors: ANCHORS, edges: () => cells.checked, mark,
    probed: (hit) => { picked = hit; missed = !hit; tell(); } });

  let step = begins, timer = null, mesh = null, picked = null, missed = false;
  let ends = [field.low, field.high]; // of the colours: the whole run, or the moment
  const span = field.high - field.low || 1;

  async function load() {
    const raw = await unpack(field.mesh), n = field.points, q = field.quads;
    const planes = new Uint8Array(await unpack(field.values)), count = planes.length / 4, bytes = new Uint8Array(planes.length);
    for (let b = 0; b < 4; b += 1) for (let i = 0; i < count; i += 1) bytes[4 * i + b] = planes[b * count + i];
    mesh = { points: new Float32Array(raw, 0, 3 * n), quads: new Uint32Array(raw, 12 * n, 4 * q), cell: new Uint32Array(raw, 12 * n + 16 * q, q),
      values: new Float32Array(bytes.buffer), ids: new Uint32Array(await unpack(field.ids)), owner: new Uint8Array(await unpack(field.owner)),
      centres: new Float32Array(await unpack(field.centres)) };
    view.take(mesh);
    show(step);
    view.canvas.dataset.ready = "yes";
  }
  sights.push(load);

  const valueAt = (cell, moment) => mesh.values[moment * field.cells + cell];

  function mark(seen) {
    view.label(seen, labels.checked ? field.probes.map((one) => ({ text: one.name, place: view.settle(one.place), ink: colour(one.name) })) : []);
  }

  function show(moment) {
    step = moment;
    slider.value = String(moment);
    slider.setAttribute("aria-valuetext", at(field.times[moment]));
    clockface.textContent = at(field.times[moment]);
    if (!mesh) return;
    const now = mesh.values.subarray(moment * field.cells, (moment + 1) * field.cells);
    ends = stretch.checked ? [now.reduce((a, b) => (b < a ? b : a), Infinity), now.reduce((a, b) => (b > a ? b : a), -Infinity)] : [field.low, field.high];
    legend.replaceChildren(...scale(field, unit, ends));
    if (view.drawn()) {
      const shade = new Float32Array(6 * field.quads), tone = (value) => (value - ends[0]) / (ends[1] - ends[0] || 1);
      const corner = blend.checked ? blended(mesh, (cell) => valueAt(cell, step)) : null;
      for (let i = 0; i < field.quads; i += 1) {
        const value = valueAt(mesh.cell[i], step);
        if (Number.isNaN(value)) shade.fill(-9, 6 * i, 6 * i + 6); // not laid down yet: not drawn
        else if (corner) for (let m = 6 * i; m < 6 * i + 6; m += 1) shade[m] = tone(corner[mesh.order[m]]);
        else shade.fill(tone(value), 6 * i, 6 * i + 6);
      }
      view.colours(shade);
    }
    view.paint();
    tell();
    list();
    if (live.length > 5000) sweep();
  }

  function tell() {
    if (!picked) {
      probe.replaceChildren(h("p", {}, w(missed ? "part.probe-miss" : "part.probe-none")));
      for (const key of ["value", "cell", "step"]) delete probe.dataset[key];
      return;
    }
    const value = valueAt(picked.cell, step);
    Object.assign(probe.dataset, { value: String(value), cell: String(mesh.ids[picked.cell]), step: String(field.times[step]), shown: fmt(unit.of(value), 5) });
    probe.replaceChildren(h("p", { class: "big" }, `${fmt(unit.of(value), 5)}${tail(unit.label)}`), facts([
      ["page.place", places(picked.place)], ["page.time", seconds(field.times[step])], ["part.cell", `${mesh.ids[picked.cell]}`],
      ["part.body", field.bodies[mesh.owner[picked.cell]]],
    ]), spark());
  }

  function spark() {
    if (field.times.length < 3) return null;
    const W = 260, H = 74, x = (t) => 4 + ((t - field.times[0]) / (field.times[last] - field.times[0])) * (W - 8), y = (v) => H - 6 - ((v - field.low) / span) * (H - 12);
    const own = field.times.map((_, m) => valueAt(picked.cell, m));
    const title = h("title");
    relive(() => { title.textContent = word("part.curve"); }, title);
    return h("svg", { viewBox: `0 0 ${W} ${H}`, class: "spark", role: "img" }, title,
      h("polyline", { points: own.map((v, m) => `${x(field.times[m]).toFixed(1)},${y(v).toFixed(1)}`).join(" ") }),
      h("circle", { cx: x(field.times[step]), cy: y(own[step]), r: 4 }));
  }

  function list() {
    if (!field.probes.length) return;
    sensors.replaceChildren(h("h3", {}, w("part.sensors")), h("ul", { class: "sensorlist" }, field.probes.map((one) =>
      h("li", { "data-sensor": one.name }, h("i", { style: `background:${colour(one.name)}`, "aria-hidden": "true" }), h("b", {}, one.name), h("span", {}, `${fmt(unit.of(one.values[step]), 5)}${tail(unit.label)}`),
        h("small", {}, places(one.place))))));
  }

  function toggle() {
    const label = play.firstChild;
    if (timer) { clearInterval(timer); timer = null; } else {
      if (step === last) show(0);
      timer = setInterval(() => (step < last ? show(step + 1) : toggle()), Math.max(60, 4000 / field.times.length));
    }
    label.dataset.word = timer ? "part.pause" : "part.play";
    label.textContent = word(label.dataset.word);
  }
  live.push({ act: () => { play.firstChild.textContent = word(play.firstChild.dataset.word); } });

  return h("div", { class: "part", "data-field": field.named.file },
    parts.length > 1 || has(field.named.what) ? h("h3", {}, say(field.named.what)) : null,
    field.complete === false ? h("p", { class: "notice warn" }, w("part.broken-off", { file: field.named.file })) : null,
    h("div", { class: "viewer" },
      h("div", {}, view.wrap, legend,
        h("div", { class: "controls" }, play, slider, clockface),
        h("div", { class: "controls" }, h("label", { class: "check" }, cells, w("part.cells")), h("label", { class: "check" }, labels, w("part.names")),
          h("label", { class: "check" }, stretch, w("part.stretch")), h("label", { class: "check" }, blend, w("part.blend")), view.tools())),
      h("aside", {}, h("h3", {}, w("part.probe")), probe)), sensors,
    field.kept > field.times.length ? h("p", { class: "note" }, w("part.strided", { shown: field.times.length, kept: field.kept, file: field.named.file })) : null);
}

// The moment that decides is the first to be seen: the kept one nearest to it, or the last.
function decisive(times) {
  const t = verdict.result?.governs?.time;
  if (!number(t)) return times.length - 1;
  return times.reduce((best, one, k) => (Math.abs(one - t) <= Math.abs(times[best] - t) ? k : best), 0);
}

function scale(field, unit, ends) {
  const [low, high] = ends.map(unit.of), span = high - low || 1;
  const raw = span / 5, ten = 10 ** Math.floor(Math.log10(raw)), by = [1, 2, 5, 10].map((m) => m * ten).find((m) => m >= raw);
  const ticks = [];
  for (let v = Math.ceil(low / by) * by; v <= high + 1e-9 * span; v += by) ticks.push(v);
  const left = (v) => `left:${(100 * (v - low)) / span}%`;
  const mark = field.named.unit === (question.interest?.unit ?? "K") && question.interest?.statistic !== "spread" && number(limitOf) ? unit.of(limitOf) : null;
  return [
    h("div", { class: "ramp", style: `background:linear-gradient(to right, ${ANCHORS.join(",")})` },
      mark !== null && mark >= low && mark <= high ? h("span", { class: "limit", style: left(mark) }, w("part.limit")) : null),
    h("div", { class: "ticks" }, ticks.map((v) => h("span", { style: left(v) }, fmt(v)))),
    h("p", {}, w("part.scale", { unit: unit.label }))];
}
