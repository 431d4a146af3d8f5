// Shapes of quadrilaterals: how they are halved, shaded, blended between and hit by a pointer.

const CREASE = 0.79; // cosine of the angle between two faces from which their edge is drawn sharp: 38 degrees

const pointOf = (mesh, quad, corner) => { const i = 3 * mesh.quads[4 * quad + corner]; return [mesh.points[i], mesh.points[i + 1], mesh.points[i + 2]]; };
const across = (mesh, quad) => { const c = [0, 1, 2, 3].map((j) => pointOf(mesh, quad, j)); return cross(minus(c[2], c[0]), minus(c[3], c[1])); };

// The two triangles of a quadrilateral that lie more evenly: its corners may stand askew on a curved wall.
function halves(mesh, quad) {
  const c = [0, 1, 2, 3].map((j) => pointOf(mesh, quad, j)), n = across(mesh, quad);
  const worst = (pairs) => Math.min(...pairs.map(([a, b, d]) => dot(cross(minus(c[b], c[a]), minus(c[d], c[a])), n)));
  const [one, two] = [[[0, 1, 2], [0, 2, 3]], [[1, 2, 3], [1, 3, 0]]];
  return worst(two) > worst(one) * 1.0001 ? two : one;
}

// A normal for each corner of each quadrilateral: round over a curved wall, sharp where two faces meet at an edge.
function normals(mesh) {
  const q = mesh.quads.length / 4, count = mesh.points.length / 3, face = Array.from({ length: q }, (_, i) => across(mesh, i)), flat = face.map(unitary);
  const first = new Uint32Array(count + 1), own = new Uint32Array(4 * q), found = new Float32Array(12 * q);
  for (let k = 0; k < 4 * q; k += 1) first[mesh.quads[k] + 1] += 1;
  for (let k = 0; k < count; k += 1) first[k + 1] += first[k];
  const next = first.slice();
  for (let k = 0; k < 4 * q; k += 1) own[next[mesh.quads[k]]++] = k >> 2;
  for (let k = 0; k < 4 * q; k += 1) {
    const i = k >> 2, sum = [0, 0, 0];
    for (let m = first[mesh.quads[k]]; m < first[mesh.quads[k] + 1]; m += 1) {
      if (dot(flat[own[m]], flat[i]) > CREASE) for (let a = 0; a < 3; a += 1) sum[a] += face[own[m]][a];
    }
    found.set(unitary(sum), 3 * k);
  }
  return found;
}

// Ends, two by two, of the edges where faces meet at an angle, or one ends.
function creases(mesh) {
  const count = mesh.points.length / 3, seen = new Map(), found = [];
  const flat = Array.from({ length: mesh.quads.length / 4 }, (_, i) => unitary(across(mesh, i)));
  for (let k = 0; k < mesh.quads.length; k += 1) {
    const a = mesh.quads[k], b = mesh.quads[k % 4 === 3 ? k - 3 : k + 1], key = Math.min(a, b) * count + Math.max(a, b);
    if (!seen.has(key)) seen.set(key, k >> 2);
    else { if (dot(flat[seen.get(key)], flat[k >> 2]) < CREASE) found.push(a, b); seen.set(key, -1); }
  }
  for (const [key, face] of seen) if (face >= 0) found.push(Math.floor(key / count), key % count);
  return Uint32Array.from(found);
}

// At each point the mean of the faces around it: a look between cells, which hold no more than their own value.
function blended(mesh, valueOf) {
  const sum = new Float64Array(mesh.points.length / 3), count = new Uint16Array(sum.length);
  for (let k = 0; k < mesh.quads.length; k += 1) {
    const value = valueOf(mesh.cell[k >> 2]);
    if (!Number.isNaN(value)) { sum[mesh.quads[k]] += value; count[mesh.quads[k]] += 1; }
  }
  return sum.map((total, p) => total / (count[p] || 1));
}

const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const unitary = (a) => { const size = Math.hypot(...a) || 1; return a.map((v) => v / size); };

// Barycentric weights of a point in a triangle on the screen, or nothing.
function inside(p, a, b, c) {
  const area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
  if (Math.abs(area) < 1e-9) return null;
  const u = ((b[0] - p[0]) * (c[1] - p[1]) - (c[0] - p[0]) * (b[1] - p[1])) / area;
  const v = ((c[0] - p[0]) * (a[1] - p[1]) - (a[0] - p[0]) * (c[1] - p[1])) / area;
  return u >= 0 && v >= 0 && u + v <= 1 ? [u, v, 1 - u - v] : null;
}
