// A structure under load: stress on the deformed part, load case by load case, from undeformed to deformed.

// Anchors of a scale from pale to dark, even to the eye in lightness: what is worst is darkest.
const HEAT = ["#e9eff3", "#d3e2ea", "#c3dcc9", "#e3d688", "#f2ba55", "#eb8f3c", "#d45b33", "#a92a31", "#651231"];

function bent(field, k) {
  const tagged = (id) => (k ? `${id}-${k}` : id);
  const stress = reading("Pa", field.named.display ?? "MPa"), way = reading("m", "mm"), plain = { of: (x) => x, by: (x) => x, label: "", difference: "" };
  const shades = { stress, ...(field.strong ? { utilisation: plain } : {}), motion: way };
  const probe = h("div", { id: tagged("probe"), class: "probe", role: "status", "aria-live": "polite" }, h("p", {}, w("part.probe-none")));
  const option = (value, key) => { const node = h("option", { value, "data-word": key }); relive(() => { node.textContent = word(key); }, node); return node; };
  const cases = h("select", { id: tagged("case"), onchange: () => turn(Number(cases.value)) }, field.cases.map((one, c) => h("option", { value: String(c) }, one.name)));
  const shaded = h("select", { id: tagged("shaded"), onchange: () => show() }, Object.keys(shades).map((key) => option(key, `bent.${key}`)));
  const slider = h("input", { id: tagged("deform"), type: "range", min: "0", max: "100", value: "100", "aria-label": () => word("bent.deform"), oninput: () => bend() });
  const told = h("output", { id: tagged("deform-now"), for: tagged("deform") });
  const cells = h("input", { type: "checkbox", id: tagged("cells"), checked: field.flat, onchange: () => view.paint() });
  const labels = h("input", { type: "checkbox", id: tagged("labels"), checked: true, onchange: () => view.paint() });
  const whole = h("input", { type: "checkbox", id: tagged("whole"), onchange: () => show() });
  const legend = h("div", { class: "scale" }), spots = h("div", { id: tagged("spots") });
  const view = stage({ id: tagged("view"), describedby: tagged("probe"), label: "bent.view", flat: field.flat, anchors: HEAT, even: 0.84, edges: () => cells.checked, mark,
    probed: (hit) => { picked = hit; missed = !hit; tell(); } });
  let mesh = null, now = worst(), picked = null, missed = false, looks = []; // where the wall around each hot spot faces

  // The load case that is nearest to its strength, or is stressed most, is the first to be seen.
  function worst() {
    const size = (one) => one.utilised ?? one.high;
    return field.cases.reduce((best, one, c) => (size(one) > size(field.cases[best]) ? c : best), 0);
  }

  async function load() {
    const raw = await unpack(field.mesh), n = field.points, q = field.quads;
    const single = async (text) => {
      const planes = new Uint8Array(await unpack(text)), count = planes.length / 4, bytes = new Uint8Array(planes.length);
      for (let b = 0; b < 4; b += 1) for (let i = 0; i < count; i += 1) bytes[4 * i + b] = planes[b * count + i];
      return new Float32Array(bytes.buffer);
    };
    mesh = { points: new Float32Array(raw, 0, 3 * n), quads: new Uint32Array(raw, 12 * n, 4 * q), cell: new Uint32Array(raw, 12 * n + 16 * q, q),
      owner: new Uint8Array(await unpack(field.owner)), moves: await single(field.moves), stress: await single(field.stress), strength: await single(field.strength) };
    view.take(mesh);
    turn(now);
    view.canvas.dataset.ready = "yes";
  }
  sights.push(load);

  const part = (array, wide) => array.subarray(now * wide * field.points, (now + 1) * wide * field.points);
  const values = {
    stress: (p) => part(mesh.stress, 1)[p],
    utilisation: (p) => part(mesh.stress, 1)[p] / part(mesh.strength, 1)[p],
    motion: (p) => Math.hypot(...part(mesh.moves, 3).subarray(3 * p, 3 * p + 3)),
  };

  function turn(to) {
    now = to;
    cases.value = String(to);
    if (!mesh) return;
    view.displace(part(mesh.moves, 3));
    looks = spotsOf().map((one) => {
      const found = [];
      mesh.quads.forEach((p, m) => { if (p === one.point) found.push(unitary(across(mesh, m >> 2))); });
      return found;
    });
    list();
    bend();
    show();
  }

  function bend() {
    const one = field.cases[now], by = (Number(slider.value) / 100) * one.exaggeration;
    view.deform(by);
    relive(() => { told.textContent = word(by ? "bent.by" : "bent.not", { by: fmt(by, 3), most: `${fmt(way.of(one.most), 3)} ${way.label}` }); }, told);
    slider.setAttribute("aria-valuetext", told.textContent);
    view.paint();
  }

  function show() {
    if (!mesh) return;
    const key = shaded.value, of = values[key], all = Float64Array.from({ length: field.points }, (_, p) => of(p));
    const one = field.cases[now], most = all.reduce((a, b) => (b > a ? b : a), 0);
    // In a sharp corner stress has no end: the colours end at the worst place that readings know.
    const top = key === "stress" && one.spots.length ? Math.min(most, one.spots[0].value) : most;
    const limit = key === "utilisation" ? 1 : key === "stress" ? (asksStress() ? limitOf : one.strength) : asksMotion() ? limitOf : null;
    const high = (whole.checked && number(limit) ? Math.max(limit, top) : top) || 1;
    whole.parentNode.style.display = number(limit) && limit > top ? "" : "none";
    legend.replaceChildren(...bar(shades[key], high, limit, key));
    if (view.drawn()) view.colours(Float32Array.from(mesh.order, (p) => (Number.isNaN(all[p]) ? -9 : all[p] / high)));
    view.paint();
    tell();
    if (live.length > 5000) sweep();
  }

  const asksMotion = () => question.interest?.unit === "m" && number(limitOf);
  const asksStress = () => question.interest?.unit === "Pa" && number(limitOf);

  function bar(unit, high, limit, key) {
    const ticks = rounds(0, unit.of(high), 5), left = (v) => `left:${(100 * v) / unit.of(high)}%`;
    const said = number(limit) ? `${fmt(unit.of(limit), 4)}${tail(unit.label)}` : "", name = key === "stress" && !asksStress() ? "bent.yield" : "part.limit";
    return [
      h("div", { class: "ramp", style: `background:linear-gradient(to right, ${HEAT.join(",")})` },
        number(limit) && limit <= high ? h("span", { class: "limit", style: left(unit.of(limit)) }, w("bent.limit", { name: () => word(name), limit: said })) : null),
      h("div", { class: "ticks" }, ticks.map((v) => h("span", { style: left(v) }, fmt(v)))),
      h("p", {}, w(`bent.${key}`), unit.label ? ` / ${unit.label}` : "", number(limit) && limit > high ? [" · ", w("bent.beyond", { name: () => word(name), limit: said })] : null)];
  }

  const spotsOf = () => field.cases[now].spots;

  function mark(seen) {
    if (!mesh) return;
    view.label(seen, labels.checked ? spotsOf().map((one, n) => ({ text: `${n + 1} · ${fmt(stress.of(one.value), 3)} ${stress.label}`, place: view.goes(one.point), ink: "#651231",
      behind: !field.flat && looks[n].every((normal) => dot(seen.turn[2], normal) < 0) })) : []);
  }

  function tell() {
    if (!picked) {
      probe.replaceChildren(h("p", {}, w(missed ? "part.probe-miss" : "part.probe-none")));
      delete probe.dataset.value;
      return;
    }
    const at = (of) => picked.corners.reduce((sum, p, j) => sum + picked.weights[j] * of(p), 0), used = at(values.utilisation);
    probe.dataset.value = String(at(values.stress));
    probe.replaceChildren(h("p", { class: "big" }, `${fmt(stress.of(at(values.stress)), 4)}${tail(stress.label)}`), facts([
      ["bent.utilisation", number(used) ? fmt(used, 3) : null], ["bent.motion", `${fmt(way.of(at(values.motion)), 3)} ${way.label}`],
      ["page.place", places(picked.place.slice(0, field.flat ? 2 : 3))], ["part.body", field.bodies[mesh.owner[picked.cell]]]]));
  }

  function list() {
    const several = field.bodies.length > 1;
    spots.replaceChildren(h("h3", {}, w("bent.spots")), table(["", w("bent.stress"), w("page.place"), ...(several ? [w("part.body")] : []), ""], spotsOf().map((one, n) => [String(n + 1),
      `${fmt(stress.of(one.value), 4)} ${stress.label}`, places(one.place.slice(0, field.flat ? 2 : 3)), ...(several ? [one.body] : []), w(one.on_surface ? "bent.surface" : "bent.inside")])));
  }

  return h("div", { class: "part", "data-field": field.named.file },
    parts.length > 1 || has(field.named.what) ? h("h3", {}, say(field.named.what)) : null,
    h("div", { class: "viewer" },
      h("div", {}, view.wrap, legend,
        h("div", { class: "controls" }, h("label", { style: "flex: 0 1 30rem; white-space: nowrap" }, w("bent.deform"), slider), told),
        h("div", { class: "controls" }, field.cases.length > 1 ? h("label", {}, w("bent.case"), cases) : null, h("label", {}, w("bent.colours"), shaded), view.tools()),
        h("div", { class: "controls" }, h("label", { class: "check" }, labels, w("bent.names")), h("label", { class: "check" }, cells, w("part.cells")),
          h("label", { class: "check" }, whole, w("bent.whole")))),
      h("aside", {}, h("h3", {}, w("part.probe")), probe)), spots);
}
