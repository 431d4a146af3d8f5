// The window on a part: camera, light, pointer and keys; what is drawn on it, and what a touch means, is told to it.

// Anchors of a perceptually even, colour-blind safe scale from dark to bright.
const ANCHORS = ["#1b0c41", "#4a0c6b", "#781c6d", "#a52c60", "#cf4446", "#ed6925", "#fb9b06", "#f7d13d", "#fcffa4"];
const ramped = (anchors) => Array.from({ length: 256 }, (_, k) => {
  const s = (k / 255) * (anchors.length - 1), i = Math.min(anchors.length - 2, Math.floor(s)), f = s - i;
  return [1, 3, 5].map((c) => Math.round((1 - f) * parseInt(anchors[i].slice(c, c + 2), 16) + f * parseInt(anchors[i + 1].slice(c, c + 2), 16)));
});
const SHADERS = [`attribute vec3 place; attribute vec3 move; attribute vec3 normal; attribute float value; uniform mat4 view; uniform float amount; uniform mat3 turn; uniform float ink; varying float v; varying vec3 n;
void main() { v = value; n = turn * normal; gl_Position = view * vec4(place + amount * move, 1.0); gl_Position.z -= ink * 0.0012 * gl_Position.w; }`,
`precision highp float; varying float v; varying vec3 n; uniform sampler2D ramp; uniform float ink; uniform float even; uniform vec4 pen;
void main() { if (v < -5.0) discard; if (ink > 0.5) { gl_FragColor = pen; return; }
vec3 c = texture2D(ramp, vec2(clamp(v, 0.002, 0.998), 0.5)).rgb; float light = even + (1.0 - even) * abs(dot(normalize(n), normalize(vec3(0.35, 0.55, 0.76)))); gl_FragColor = vec4(c * light, 1.0); }`];

/* given: id, describedby, label (a word), flat, anchors (of the colours), even (light on what is turned away), edges() whether cells are drawn, mark(view)
   draws names over the part, probed(hit or null). `take` hands it a mesh of quadrilaterals. */
function stage(given) {
  const canvas = h("canvas", { id: given.id, tabindex: "0", role: "application", "aria-label": () => word(given.label), "aria-describedby": given.describedby });
  const names = h("div", { class: "names", "aria-hidden": "true" });
  const pin = h("div", { class: "pin", hidden: true });
  const compass = h("svg", { viewBox: "0 0 68 68", class: "compass", "aria-hidden": "true" });
  const wrap = h("div", { class: "stage" }, canvas, names, pin, compass);
  const tool = (key, sign, act) => h("button", { type: "button", class: "tool", "aria-label": () => word(key), title: () => word(key), onclick: act }, sign);
  let gl = null, mesh = null, picked = null, moves = null, amount = 0, sharp = null;
  let eye = { turn: given.flat ? [0, 0] : [0.65, 0.42], zoom: 1, pan: [0, 0] };
  let home = structuredClone(eye);

  function take(mesh_) {
    mesh = mesh_;
    mesh.low = [0, 1, 2].map(() => Infinity);
    mesh.high = [0, 1, 2].map(() => -Infinity);
    for (let i = 0; i < mesh.points.length; i += 1) {
      mesh.low[i % 3] = Math.min(mesh.low[i % 3], mesh.points[i]);
      mesh.high[i % 3] = Math.max(mesh.high[i % 3], mesh.points[i]);
    }
    mesh.middle = mesh.low.map((v, a) => (v + mesh.high[a]) / 2);
    mesh.size = Math.hypot(...mesh.low.map((v, a) => mesh.high[a] - v)) / 2 || 1;
    // A long part is looked at from its side, and every part fills the view.
    const size = mesh.low.map((v, a) => mesh.high[a] - v);
    if (!given.flat && size[2] > 4 * Math.max(size[0], size[1])) eye.turn[0] = 1.0;
    const view = camera(), corners = Array.from({ length: 8 }, (_, c) => view.project([0, 1, 2].map((a) => ((c >> a) & 1 ? mesh.high[a] : mesh.low[a]))));
    eye.zoom = Math.min(3, 0.84 / Math.max(...corners.map((c) => Math.max(Math.abs(c[0]), Math.abs(c[1])))));
    home = structuredClone(eye);
    gl = begin();
    if (!gl) wrap.append(h("p", { class: "notice warn over" }, w("page.no-webgl")));
    new ResizeObserver(() => paint()).observe(wrap);
  }

  function begin() {
    const context = canvas.getContext("webgl", { antialias: true, preserveDrawingBuffer: true });
    if (!context) return null;
    const q = mesh.quads.length / 4, place = new Float32Array(18 * q), normal = new Float32Array(18 * q), edges = new Float32Array(24 * q);
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
    context.texImage2D(context.TEXTURE_2D, 0, context.RGBA, 256, 1, 0, context.RGBA, context.UNSIGNED_BYTE, new Uint8Array(ramped(given.anchors).flatMap((c) => [...c, 255])));
    for (const [key, value] of [["MIN_FILTER", "LINEAR"], ["MAG_FILTER", "LINEAR"], ["WRAP_S", "CLAMP_TO_EDGE"], ["WRAP_T", "CLAMP_TO_EDGE"]]) {
      context.texParameteri(context.TEXTURE_2D, context[`TEXTURE_${key}`], context[value]);
    }
    context.enable(context.DEPTH_TEST);
    context.enable(context.BLEND);
    context.blendFuncSeparate(context.SRC_ALPHA, context.ONE_MINUS_SRC_ALPHA, context.ONE, context.ONE_MINUS_SRC_ALPHA);
    return Object.assign(context, { own: { program, place: buffer(place), normal: buffer(normal), edges: buffer(edges), value: buffer(null), move: buffer(null), edgeMove: buffer(null), creases: buffer(null), creaseMove: buffer(null) } });
  }

  const upload = (buffer, array) => { gl.bindBuffer(gl.ARRAY_BUFFER, buffer); gl.bufferData(gl.ARRAY_BUFFER, array, gl.DYNAMIC_DRAW); };

  // Colours (0 to 1, -9 is not drawn) of the six corners of the two triangles of each quadrilateral.
  function colours(shade) { if (gl) upload(gl.own.value, shade); }

  // Where each point goes (3 numbers a point) once `by` is 1.
  function displace(found) {
    moves = found;
    if (!gl) return;
    const gather = (ids) => { const out = new Float32Array(3 * ids.length); ids.forEach((p, m) => out.set(moves.subarray(3 * p, 3 * p + 3), 3 * m)); return out; };
    const around = new Uint32Array(2 * mesh.quads.length);
    for (let i = 0; i < mesh.quads.length / 4; i += 1) [0, 1, 1, 2, 2, 3, 3, 0].forEach((j, m) => { around[8 * i + m] = mesh.quads[4 * i + j]; });
    sharp ??= creases(mesh);
    const still = new Float32Array(3 * sharp.length);
    sharp.forEach((p, m) => still.set(mesh.points.subarray(3 * p, 3 * p + 3), 3 * m));
    upload(gl.own.move, gather(mesh.order)); upload(gl.own.edgeMove, gather(around));
    upload(gl.own.creases, still); upload(gl.own.creaseMove, gather(sharp));
  }

  function deform(by) { amount = by; }

  const goes = (p) => [0, 1, 2].map((a) => mesh.points[3 * p + a] + (moves ? amount * moves[3 * p + a] : 0));
  const moved = (quad, corner) => goes(mesh.quads[4 * quad + corner]);
  const mixed = (own, array, wide) => Array.from({ length: wide }, (_, m) => own.corners.reduce((s, p, j) => s + own.weights[j] * array[wide * p + m], 0));
  const placeOf = (own) => (own.corners && moves ? mixed(own, mesh.points, 3).map((v, a) => v + amount * mixed(own, moves, 3)[a]) : own.place);

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
        if (!buffer) { gl.disableVertexAttribArray(spot); return; }
        gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
        gl.enableVertexAttribArray(spot);
        gl.vertexAttribPointer(spot, size, gl.FLOAT, false, 0, 0);
      };
      const set = (name, value) => gl.uniform1f(gl.getUniformLocation(own.program, name), value);
      const lines = (pen, place, move, count, by) => {
        gl.uniform4fv(gl.getUniformLocation(own.program, "pen"), pen);
        set("amount", by);
        feed("place", place, 3); feed("move", by ? move : null, 3); feed("normal", null); feed("value", null);
        gl.drawArrays(gl.LINES, 0, count);
      };
      set("ink", 0);
      set("even", given.even ?? 0.68);
      set("amount", amount);
      feed("place", own.place, 3); feed("move", moves ? own.move : null, 3); feed("normal", own.normal, 3); feed("value", own.value, 1);
      gl.drawArrays(gl.TRIANGLES, 0, 6 * (mesh.quads.length / 4));
      set("ink", 1);
      if (given.edges()) lines([0.05, 0.08, 0.12, 0.28], own.edges, own.edgeMove, 8 * (mesh.quads.length / 4), amount);
      if (sharp) {
        lines([0.05, 0.08, 0.12, 0.55], own.creases, own.creaseMove, sharp.length, amount);
        if (amount) lines([0.25, 0.32, 0.4, 0.5], own.creases, null, sharp.length, 0);
      }
    }
    triad(view);
    given.mark(view);
    pin.hidden = !picked;
    if (picked) [pin.style.left, pin.style.top] = spot(view, placeOf(picked)).map((v) => `${v}px`);
  }

  function spot(view, place) {
    const [x, y] = view.project(place);
    return [((x + 1) / 2) * canvas.clientWidth, ((1 - y) / 2) * canvas.clientHeight];
  }

  // The directions x, y, z of the part, in the corner.
  function triad(view) {
    const end = (axis) => [34 + 24 * view.turn[0][axis], 34 - 24 * view.turn[1][axis]];
    compass.replaceChildren(...[0, 1, 2].filter((axis) => !given.flat || mesh.high[axis] > mesh.low[axis]).flatMap((axis) => {
      const [x, y] = end(axis), out = Math.hypot(x - 34, y - 34) > 6;
      return [h("line", { x1: 34, y1: 34, x2: x, y2: y }), out ? h("text", { x: 34 + (x - 34) * 1.28, y: 38 + (y - 34) * 1.36, "text-anchor": "middle" }, "xyz"[axis]) : ""];
    }));
  }

  // A sensor of a part that is not resolved along an axis lies in the plane that is drawn.
  const settle = (place) => place.map((v, a) => (mesh.high[a] === mesh.low[a] ? mesh.low[a] : v));

  function pick(px, py) {
    const view = camera(), at2 = [px, py];
    let best = null;
    for (let i = 0; i < mesh.quads.length / 4; i += 1) {
      const c = [0, 1, 2, 3].map((j) => { const [x, y, z, far] = view.project(moved(i, j)); return [((x + 1) / 2) * canvas.clientWidth, ((1 - y) / 2) * canvas.clientHeight, z / far, far]; });
      for (const [a, b, d] of halves(mesh, i)) {
        const hit = inside(at2, c[a], c[b], c[d]);
        if (!hit) continue;
        const weights = [hit[0] / c[a][3], hit[1] / c[b][3], hit[2] / c[d][3]], sum = weights[0] + weights[1] + weights[2];
        const z = (weights[0] * c[a][2] * c[a][3] + weights[1] * c[b][2] * c[b][3] + weights[2] * c[d][2] * c[d][3]) / sum;
        if (best && z <= best.z) continue;
        const own = { quad: i, corners: [a, b, d].map((j) => mesh.quads[4 * i + j]), weights: weights.map((v) => v / sum) };
        best = { z, cell: mesh.cell[i], ...own, place: mixed(own, mesh.points, 3) };
      }
    }
    picked = best;
    given.probed(best);
    paint();
  }

  const zoom = (by) => { eye.zoom = Math.min(12, Math.max(0.4, eye.zoom * by)); eye.pan = eye.pan.map((v) => v * by); paint(); };
  const reset = () => { eye = structuredClone(home); paint(); };
  const held = new Map();
  let dragged = 0;
  canvas.addEventListener("pointerdown", (event) => { held.set(event.pointerId, [event.offsetX, event.offsetY]); dragged = 0; canvas.setPointerCapture(event.pointerId); canvas.focus({ preventScroll: true }); });
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
    dragged += Math.abs(dx) + Math.abs(dy);
    paint();
  });
  const release = (event) => {
    const was = held.delete(event.pointerId);
    if (was && event.type === "pointerup" && dragged < 5 && mesh) pick(event.offsetX, event.offsetY);
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

  // Names beside places of the part, none over another: entries { text, place, ink, behind }; what is behind is faint.
  function label(seen, entries) {
    names.replaceChildren();
    const taken = [];
    for (const { text, place, ink, behind } of entries) {
      const [x, y] = spot(seen, place), wideness = 26 + 7.4 * text.length;
      const free = (tx, ty) => tx > 2 && tx + wideness < canvas.clientWidth - 2 && ty > 14 && ty < canvas.clientHeight - 14
        && taken.every(([l, t, r]) => tx > r + 4 || tx + wideness < l - 4 || Math.abs(ty - t) > 25);
      const tries = [0, 1, 2, 3, 4, 5].flatMap((n) => [-1, 1].flatMap((up) => [true, false].map((side) => [side, y + up * (18 + 25 * n)])));
      const [right, ty] = tries.find(([side, t]) => free(side ? x + 16 : x - 16 - wideness, t)) ?? tries[0];
      taken.push([right ? x + 16 : x - 16 - wideness, ty, right ? x + 16 + wideness : x - 16]);
      const faint = behind ? ";opacity:.4" : "", length = Math.hypot(16, ty - y), angle = Math.atan2(ty - y, right ? 16 : -16);
      names.append(h("i", { class: "lead-line", style: `left:${x}px;top:${y}px;width:${length}px;transform:rotate(${angle}rad);background:${ink}${faint}` }),
        h("i", { class: "spot", style: `left:${x}px;top:${y}px;background:${ink}${faint}` }),
        h("span", { class: "tag", style: `left:${x}px;top:${ty}px;--ink:${ink};transform:translate(${right ? "16px" : "calc(-100% - 16px)"},-50%)${faint}` }, text));
    }
  }

  const tools = () => h("span", { class: "tools" }, tool("part.out", "−", () => zoom(1 / 1.25)), tool("part.in", "+", () => zoom(1.25)), tool("part.reset", "⟲", reset));
  return { canvas, wrap, tools, take, colours, displace, deform, goes, mixed, label, paint, settle, drawn: () => Boolean(gl) };
}
