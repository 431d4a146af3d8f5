// The part in three dimensions: its outer cells with their stored values, turned, stepped through and probed.

// Anchors of a perceptually even, colour-blind safe scale from dark to bright.
const ANCHORS = ["#1b0c41", "#4a0c6b", "#781c6d", "#a52c60", "#cf4446", "#ed6925", "#fb9b06", "#f7d13d", "#fcffa4"];
const RAMP = Array.from({ length: 256 }, (_, k) => {
  const s = (k / 255) * (ANCHORS.length - 1), i = Math.min(ANCHORS.length - 2, Math.floor(s)), f = s - i;
  return [1, 3, 5].map((c) => Math.round((1 - f) * parseInt(ANCHORS[i].slice(c, c + 2), 16) + f * parseInt(ANCHORS[i + 1].slice(c, c + 2), 16)));
});
const SHADERS = [`attribute vec3 place; attribute vec3 normal; attribute float value; uniform mat4 view; uniform mat3 turn; uniform float ink; varying float v; varying vec3 n;
void main() { v = value; n = turn * normal; gl_Position = view * vec4(place, 1.0); gl_Position.z -= ink * 0.0012 * gl_Position.w; }`,
`precision highp float; varying float v; varying vec3 n; uniform sampler2D ramp; uniform float ink;
void main() { if (v < -5.0) discard; if (ink > 0.5) { gl_FragColor = vec4(0.05, 0.08, 0.12, 0.28); return; }
vec3 c = texture2D(ramp, vec2(clamp(v, 0.002, 0.998), 0.5)).rgb; float light = 0.68 + 0.32 * abs(dot(normalize(n), normalize(vec3(0.35, 0.55, 0.76)))); gl_FragColor = vec4(c * light, 1.0); }`];

const parts = (data.fields ?? []).map((field, k) => ({ ...field, named: verdict.fields[k] }));
const sights = [];

function partBlock() {
  if (!parts.length) return section("part", nothing());
  const shown = parts.map((field, k) => (field.trouble
    ? h("p", { class: "notice warn" }, w(`part.${field.trouble}`, { file: field.named.file, faces: integer(field.faces) }))
    : sight(field, k)));
  return section("part", lead("part.lead"), shown);
}

async function unpackParts() {
  for (const one of sights) await one();
}

function sight(field, k) {
  const tagged = (id) => (k ? `${id}-${k}` : id); // the first view has the plain ids
  const unit = reading(field.named.unit, field.named.display), last = field.times.length - 1;
  const begins = decisive(field.times);
  const canvas = h("canvas", { id: tagged("view"), tabindex: "0", role: "application", "aria-label": () => word("part.view"), "aria-describedby": tagged("probe") });
  const names = h("div", { class: "names", "aria-hidden": "true" });
  const pin = h("div", { class: "pin", hidden: true });
  const slider = h("input", { id: tagged("time"), type: "range", min: "0", max: String(last), step: "1", value: String(begins), "aria-label": () => word("part.time"),
    oninput: () => show(Number(slider.value)) });
  const clockface = h("output", { id: tagged("time-now"), for: tagged("time") });
  const play = h("button", { type: "button", id: tagged("play"), onclick: () => toggle() }, w("part.play"));
  const probe = h("div", { id: tagged("probe"), class: "probe", role: "status", "aria-live": "polite" }, h("p", {}, w("part.probe-none")));
  const sensors = h("div", { id: tagged("sensors") });
  const compass = h("svg", { viewBox: "0 0 68 68", class: "compass", "aria-hidden": "true" });
  const wrap = h("div", { class: "stage" }, canvas, names, pin, compass);
  const cells = h("input", { type: "checkbox", id: tagged("cells"), checked: true, onchange: () => paint() });
  const labels = h("input", { type: "checkbox", id: tagged("labels"), checked: true, onchange: () => paint() });
  const stretch = h("input", { type: "checkbox", id: tagged("stretch"), onchange: () => show(step) });
  const blend = h("input", { type: "checkbox", id: tagged("blend"), onchange: () => show(step) });
  const legend = h("div", { class: "scale" });
  const tool = (key, sign, act) => h("button", { type: "button", class: "tool", "aria-label": () => word(key), title: () => word(key), onclick: act }, sign);

  let step = begins, gl = null, timer = null, mesh = null, picked = null, missed = false;
  let eye = { turn: field.flat ? [0, 0] : [0.65, 0.42], zoom: 1, pan: [0, 0] };
  let home = structuredClone(eye);
  let ends = [field.low, field.high]; // of the colours: the whole run, or the moment
  const span = field.high - field.low || 1;

  async function load() {
    const raw = await unpack(field.mesh), n = field.points, q = field.quads;
    const planes = new Uint8Array(await unpack(field.values)), count = planes.length / 4, bytes = new Uint8Array(planes.length);
    for (let b = 0; b < 4; b += 1) for (let i = 0; i < count; i += 1) bytes[4 * i + b] = planes[b * count + i];
    mesh = { points: new Float32Array(raw, 0, 3 * n), quads: new Uint32Array(raw, 12 * n, 4 * q), cell: new Uint32Array(raw, 12 * n + 16 * q, q),
      values: new Float32Array(bytes.buffer), ids: new Uint32Array(await unpack(field.ids)), owner: new Uint8Array(await unpack(field.owner)),
      centres: new Float32Array(await unpack(field.centres)) };
    mesh.low = [0, 1, 2].map((a) => Infinity);
    mesh.high = [0, 1, 2].map((a) => -Infinity);
    for (let i = 0; i < 3 * n; i += 1) {
      mesh.low[i % 3] = Math.min(mesh.low[i % 3], mesh.points[i]);
      mesh.high[i % 3] = Math.max(mesh.high[i % 3], mesh.points[i]);
    }
    mesh.middle = mesh.low.map((v, a) => (v + mesh.high[a]) / 2);
    mesh.size = Math.hypot(...mesh.low.map((v, a) => mesh.high[a] - v)) / 2 || 1;
    // A long part is looked at from its side, and every part fills the view.
    const size = mesh.low.map((v, a) => mesh.high[a] - v);
    if (!field.flat && size[2] > 4 * Math.max(size[0], size[1])) eye.turn[0] = 1.0;
    const view = camera(), corners = Array.from({ length: 8 }, (_, c) => view.project([0, 1, 2].map((a) => ((c >> a) & 1 ? mesh.high[a] : mesh.low[a]))));
    eye.zoom = Math.min(3, 0.84 / Math.max(...corners.map((c) => Math.max(Math.abs(c[0]), Math.abs(c[1])))));
    home = structuredClone(eye);
    gl = begin();
    if (!gl) wrap.append(h("p", { class: "notice warn over" }, w("page.no-webgl")));
    show(step);
    new ResizeObserver(() => paint()).observe(wrap);
    canvas.dataset.ready = "yes";
  }
  sights.push(load);

  const valueAt = (cell, moment) => mesh.values[moment * field.cells + cell];

  function begin() {
    const context = canvas.getContext("webgl", { antialias: true, preserveDrawingBuffer: true });
    if (!context) return null;
    const q = field.quads, place = new Float32Array(18 * q), normal = new Float32Array(18 * q), edges = new Float32Array(24 * q);
    const round = normals(mesh);
    mesh.order = new Uint32Array(6 * q); // the point at each corner of each triangle
    for (let i = 0; i < q; i += 1) {
      const c = [0, 1, 2, 3].map((j) => pointOf(mesh, i, j));
      halves(mesh, i).flat().forEach((j, m) => { mesh.order[6 * i + m] = mesh.quads[4 * i + j]; place.set(c[j], 18 * i + 3 * m); normal.set(round.subarray(12 * i + 3 * j, 12 * i + 3 * j + 3), 18 * i + 3 * m); });
      [0, 1, 1, 2, 2, 3, 3, 0].forEach((j, m) => edges.set(c[j], 24 * i + 3 * m));
    }
    const program = context.createProgram();
    [context.VERTEX_SHADER, context.FRAGMENT_SHADER].forEach((kind, j) => {
      const shader = context.createShader(kind);
      context.shaderSource(shader, SHADERS[j]);
      context.compileShader(shader);
      context.attachShader(program, shader);
    });
    context.linkProgram(program);
    context.useProgram(program);
    const buffer = (array) => { const b = context.createBuffer(); context.bindBuffer(context.ARRAY_BUFFER, b); if (array) context.bufferData(context.ARRAY_BUFFER, array, context.STATIC_DRAW); return b; };
    const ramp = context.createTexture();
    context.bindTexture(context.TEXTURE_2D, ramp);
    context.texImage2D(context.TEXTURE_2D, 0, context.RGBA, 256, 1, 0, context.RGBA, context.UNSIGNED_BYTE, new Uint8Array(RAMP.flatMap((c) => [...c, 255])));
    for (const [key, value] of [["MIN_FILTER", "LINEAR"], ["MAG_FILTER", "LINEAR"], ["WRAP_S", "CLAMP_TO_EDGE"], ["WRAP_T", "CLAMP_TO_EDGE"]]) {
      context.texParameteri(context.TEXTURE_2D, context[`TEXTURE_${key}`], context[value]);
    }
    context.enable(context.DEPTH_TEST);
    context.enable(context.BLEND);
    context.blendFuncSeparate(context.SRC_ALPHA, context.ONE_MINUS_SRC_ALPHA, context.ONE, context.ONE_MINUS_SRC_ALPHA);
    return Object.assign(context, { own: { program, place: buffer(place), normal: buffer(normal), edges: buffer(edges), value: buffer(null) } });
  }

  function camera() {
    const [a, b] = eye.turn, [ca, sa, cb, sb] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b)];
    const turn = [[ca, 0, -sa], [-sa * sb, cb, -ca * sb], [sa * cb, sb, ca * cb]]; // rows: right, up, towards the eye
    const scale = (1.16 * eye.zoom) / mesh.size, ratio = canvas.clientWidth / Math.max(1, canvas.clientHeight);
    const [wide, tall] = ratio > 1 ? [1 / ratio, 1] : [1, ratio];
    const project = (p) => {
      const d = minus(p, mesh.middle), [x, y, z] = turn.map((row) => dot(row, d) * scale), far = 1 - 0.16 * z / Math.max(1, eye.zoom);
      return [(x * wide) / far + eye.pan[0], (y * tall) / far + eye.pan[1], z, far];
    };
    return { turn, scale, wide, tall, project };
  }

  function paint() {
    if (!mesh) return;
    const view = camera(), ratio = Math.min(2, window.devicePixelRatio || 1);
    if (gl) {
      const [W, H] = [canvas.clientWidth, canvas.clientHeight].map((v) => Math.max(1, Math.round(v * ratio)));
      if (canvas.width !== W || canvas.height !== H) { canvas.width = W; canvas.height = H; }
      const { own } = gl, t = view.turn, k = 0.16 / Math.max(1, eye.zoom);
      const z = t[2].map((v) => v * view.scale), zc = -dot(t[2], mesh.middle) * view.scale;
      const rows = [t[0].map((v) => v * view.scale * view.wide), t[1].map((v) => v * view.scale * view.tall)];
      const shift = [-dot(t[0], mesh.middle) * view.scale * view.wide, -dot(t[1], mesh.middle) * view.scale * view.tall];
      const far = [...z.map((v) => -k * v), 1 - k * zc];
      const full = rows.map((row, a) => [...row, shift[a]].map((v, c) => v + eye.pan[a] * far[c]));
      const deep = 0.9 / (1.3 * Math.max(1, eye.zoom)), depth = [...z.map((v) => -v * deep), -zc * deep];
      const matrix = [0, 1, 2, 3].flatMap((c) => [full[0][c], full[1][c], depth[c], far[c]]);
      gl.viewport(0, 0, W, H);
      gl.clearColor(0.965, 0.973, 0.98, 1);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      gl.uniformMatrix4fv(gl.getUniformLocation(own.program, "view"), false, matrix);
      gl.uniformMatrix3fv(gl.getUniformLocation(own.program, "turn"), false, [0, 1, 2].flatMap((c) => t.map((row) => row[c])));
      const feed = (name, buffer, size) => {
        const spot = gl.getAttribLocation(own.program, name);
        gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
        gl.enableVertexAttribArray(spot);
        gl.vertexAttribPointer(spot, size, gl.FLOAT, false, 0, 0);
      };
      feed("place", own.place, 3); feed("normal", own.normal, 3); feed("value", own.value, 1);
      gl.uniform1f(gl.getUniformLocation(own.program, "ink"), 0);
      gl.drawArrays(gl.TRIANGLES, 0, 6 * field.quads);
      if (cells.checked) {
        gl.uniform1f(gl.getUniformLocation(own.program, "ink"), 1);
        feed("place", own.edges, 3);
        for (const name of ["normal", "value"]) gl.disableVertexAttribArray(gl.getAttribLocation(own.program, name));
        gl.drawArrays(gl.LINES, 0, 8 * field.quads);
      }
    }
    mark(view);
  }

  function spot(view, place) {
    const [x, y] = view.project(place);
    return [((x + 1) / 2) * canvas.clientWidth, ((1 - y) / 2) * canvas.clientHeight];
  }

  function mark(view) {
    names.replaceChildren();
    if (labels.checked) {
      const taken = [];
      for (const one of field.probes) {
        const [x, y] = spot(view, settle(one.place)), wideness = 26 + 7.4 * one.name.length;
        const free = (tx, ty) => tx > 2 && tx + wideness < canvas.clientWidth - 2 && ty > 14 && ty < canvas.clientHeight - 14
          && taken.every(([l, t, r]) => tx > r + 4 || tx + wideness < l - 4 || Math.abs(ty - t) > 25);
        const tries = [0, 1, 2, 3, 4, 5].flatMap((n) => [-1, 1].flatMap((up) => [true, false].map((side) => [side, y + up * (18 + 25 * n)])));
        const [right, ty] = tries.find(([side, t]) => free(side ? x + 16 : x - 16 - wideness, t)) ?? tries[0];
        taken.push([right ? x + 16 : x - 16 - wideness, ty, right ? x + 16 + wideness : x - 16]);
        const tag = h("span", { class: "tag", style: `left:${x}px;top:${ty}px;--ink:${colour(one.name)};transform:translate(${right ? "16px" : "calc(-100% - 16px)"},-50%)` }, one.name);
        const length = Math.hypot(16, ty - y), angle = Math.atan2(ty - y, right ? 16 : -16);
        names.append(h("i", { class: "lead-line", style: `left:${x}px;top:${y}px;width:${length}px;transform:rotate(${angle}rad);background:${colour(one.name)}` }),
          h("i", { class: "spot", style: `left:${x}px;top:${y}px;background:${colour(one.name)}` }), tag);
      }
    }
    triad(view);
    pin.hidden = !picked;
    if (picked) [pin.style.left, pin.style.top] = spot(view, picked.place).map((v) => `${v}px`);
  }

  // The directions x, y, z of the part, in the corner.
  function triad(view) {
    const end = (axis) => [34 + 24 * view.turn[0][axis], 34 - 24 * view.turn[1][axis]];
    compass.replaceChildren(...[0, 1, 2].filter((axis) => !field.flat || mesh.high[axis] > mesh.low[axis]).flatMap((axis) => {
      const [x, y] = end(axis), out = Math.hypot(x - 34, y - 34) > 6;
      return [h("line", { x1: 34, y1: 34, x2: x, y2: y }), out ? h("text", { x: 34 + (x - 34) * 1.36, y: 38 + (y - 34) * 1.36, "text-anchor": "middle" }, "xyz"[axis]) : ""];
    }));
  }

  // A sensor of a part that is not resolved along an axis lies in the plane that is drawn.
  const settle = (place) => place.map((v, a) => (mesh.high[a] === mesh.low[a] ? mesh.low[a] : v));

  function show(moment) {
    step = moment;
    slider.value = String(moment);
    slider.setAttribute("aria-valuetext", at(field.times[moment]));
    clockface.textContent = at(field.times[moment]);
    if (!mesh) return;
    const now = mesh.values.subarray(moment * field.cells, (moment + 1) * field.cells);
    ends = stretch.checked ? [now.reduce((a, b) => (b < a ? b : a), Infinity), now.reduce((a, b) => (b > a ? b : a), -Infinity)] : [field.low, field.high];
    legend.replaceChildren(...scale(field, unit, ends));
    if (gl) {
      const shade = new Float32Array(6 * field.quads), tone = (value) => (value - ends[0]) / (ends[1] - ends[0] || 1);
      const corner = blend.checked ? blended(mesh, (cell) => valueAt(cell, step)) : null;
      for (let i = 0; i < field.quads; i += 1) {
        const value = valueAt(mesh.cell[i], step);
        if (Number.isNaN(value)) shade.fill(-9, 6 * i, 6 * i + 6); // not laid down yet: not drawn
        else if (corner) for (let m = 6 * i; m < 6 * i + 6; m += 1) shade[m] = tone(corner[mesh.order[m]]);
        else shade.fill(tone(value), 6 * i, 6 * i + 6);
      }
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.own.value);
      gl.bufferData(gl.ARRAY_BUFFER, shade, gl.DYNAMIC_DRAW);
    }
    paint();
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

  function pick(px, py) {
    const view = camera(), at2 = [px, py];
    let best = null;
    for (let i = 0; i < field.quads; i += 1) {
      const c = [0, 1, 2, 3].map((j) => { const [x, y, z, far] = view.project(pointOf(mesh, i, j)); return [((x + 1) / 2) * canvas.clientWidth, ((1 - y) / 2) * canvas.clientHeight, z / far, far]; });
      for (const [a, b, d] of halves(mesh, i)) {
        const hit = inside(at2, c[a], c[b], c[d]);
        if (!hit) continue;
        const weights = [hit[0] / c[a][3], hit[1] / c[b][3], hit[2] / c[d][3]], sum = weights[0] + weights[1] + weights[2];
        const z = (weights[0] * c[a][2] * c[a][3] + weights[1] * c[b][2] * c[b][3] + weights[2] * c[d][2] * c[d][3]) / sum;
        if (best && z <= best.z) continue;
        const corners = [a, b, d].map((j) => pointOf(mesh, i, j));
        best = { z, cell: mesh.cell[i], place: [0, 1, 2].map((m) => corners.reduce((s, p, j) => s + (weights[j] / sum) * p[m], 0)) };
      }
    }
    picked = best;
    missed = !best;
    tell();
    paint();
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

  const zoom = (by) => { eye.zoom = Math.min(12, Math.max(0.4, eye.zoom * by)); eye.pan = eye.pan.map((v) => v * by); paint(); };
  const reset = () => { eye = structuredClone(home); paint(); };
  const held = new Map();
  let moved = 0;
  canvas.addEventListener("pointerdown", (event) => { held.set(event.pointerId, [event.offsetX, event.offsetY]); moved = 0; canvas.setPointerCapture(event.pointerId); canvas.focus({ preventScroll: true }); });
  canvas.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const now = [event.offsetX, event.offsetY], dx = now[0] - before[0], dy = now[1] - before[1];
    if (held.size === 2) {
      const other = [...held.entries()].find(([id]) => id !== event.pointerId)[1];
      zoom(Math.hypot(now[0] - other[0], now[1] - other[1]) / Math.max(1, Math.hypot(before[0] - other[0], before[1] - other[1])));
    } else if (event.shiftKey || event.buttons === 2) {
      eye.pan = [eye.pan[0] + (2 * dx) / canvas.clientWidth, eye.pan[1] - (2 * dy) / canvas.clientHeight];
    } else eye.turn = [eye.turn[0] - dx * 0.009, Math.max(-1.55, Math.min(1.55, eye.turn[1] + dy * 0.009))];
    held.set(event.pointerId, now);
    moved += Math.abs(dx) + Math.abs(dy);
    paint();
  });
  const release = (event) => {
    const was = held.delete(event.pointerId);
    if (was && event.type === "pointerup" && moved < 5 && mesh) pick(event.offsetX, event.offsetY);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", (event) => {
    if (document.activeElement !== canvas && !event.ctrlKey) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.0015));
  }, { passive: false });
  const KEYS = { ArrowLeft: () => { eye.turn[0] += 0.1; }, ArrowRight: () => { eye.turn[0] -= 0.1; }, ArrowUp: () => { eye.turn[1] = Math.min(1.55, eye.turn[1] - 0.1); },
    ArrowDown: () => { eye.turn[1] = Math.max(-1.55, eye.turn[1] + 0.1); }, "+": () => zoom(1.15), "=": () => zoom(1.15), "-": () => zoom(1 / 1.15), "0": reset,
    Enter: () => pick(canvas.clientWidth / 2, canvas.clientHeight / 2) };
  canvas.addEventListener("keydown", (event) => {
    if (!KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
    paint();
  });

  return h("div", { class: "part", "data-field": field.named.file },
    parts.length > 1 || has(field.named.what) ? h("h3", {}, say(field.named.what)) : null,
    field.complete === false ? h("p", { class: "notice warn" }, w("part.broken-off", { file: field.named.file })) : null,
    h("div", { class: "viewer" },
      h("div", {}, wrap, legend,
        h("div", { class: "controls" }, play, slider, clockface),
        h("div", { class: "controls" }, h("label", { class: "check" }, cells, w("part.cells")), h("label", { class: "check" }, labels, w("part.names")),
          h("label", { class: "check" }, stretch, w("part.stretch")), h("label", { class: "check" }, blend, w("part.blend")),
          h("span", { class: "tools" }, tool("part.out", "−", () => zoom(1 / 1.25)), tool("part.in", "+", () => zoom(1.25)), tool("part.reset", "⟲", reset)))),
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
