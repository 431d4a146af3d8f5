// Trial against model: readings, model and interval, with residuals below, drawn by plotly.

const series = verdict.series ?? [];
const governing = series.find((one) => one.channel === result.governs?.observation || one.station === result.governs?.observation) ?? series[0];
const chosen = { role: series.some((one) => one.role === "validation") ? "validation" : series[0]?.role, station: governing?.station ?? "", off: new Set() };
const clock = series.some((one) => Math.max(0, ...(one.t ?? [])) >= 600) ? { by: 1 / 60, label: "min" } : { by: 1, label: "s" };

function trialBlock() {
  if (!series.length) return section("trial", nothing());
  const plot = h("div", { id: "trial-plot", class: "plot", role: "img", "aria-label": () => word("trial.figure") });
  const chips = h("div", { class: "chips", id: "trial-channels", role: "group", "aria-label": () => word("trial.channel") });
  const roles = [...new Set(series.map((one) => one.role))].sort().reverse();
  const every = Math.max(...series.map((one) => one.every ?? 1));
  const choose = (id, key, options) => h("label", {}, w(key), h("select", { id, onchange: (event) => {
    chosen[id.slice(6)] = event.target.value;
    chosen.off.clear();
    list();
    draw();
  } }, options));
  const option = (value, key) => {
    const node = h("option", { value, "data-word": key });
    relive(() => { node.textContent = word(key); }, node);
    return node;
  };
  const list = () => chips.replaceChildren(...offered().map((one) => h("button", { type: "button", "aria-pressed": String(!chosen.off.has(one.channel)),
    "data-channel": one.channel, onclick: (event) => {
      if (!chosen.off.delete(one.channel)) chosen.off.add(one.channel);
      event.currentTarget.setAttribute("aria-pressed", String(!chosen.off.has(one.channel)));
      draw();
    } }, h("i", { style: `background:${colour(one.channel)}`, "aria-hidden": "true" }), one.channel)));
  list();
  let drawn = false;
  const draw = () => {
    if (!window.Plotly) return;
    window.Plotly.react(plot, traces(), layout(), { displaylogo: false, responsive: true, modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
      locale: language, locales: { [language]: { moduleType: "locale", name: language, format: {}, dictionary: {
        "Download plot as a PNG": word("trial.png"), Zoom: word("trial.zoom"), Pan: word("trial.pan"), "Reset axes": word("trial.reset") } } },
      toImageButtonOptions: { filename: "trial-against-model" } });
    plot.dataset.drawn = String(offered().length);
    drawn = true;
  };
  later.push(draw);
  live.push({ act: () => { if (drawn) draw(); } });
  return section("trial", lead("trial.lead"),
    h("div", { class: "controls" },
      roles.length > 1 ? choose("trial-role", "trial.role", roles.map((role) => (known(`trial.${role}`) ? option(role, `trial.${role}`) : h("option", { value: role }, role)))) : null,
      stations.filter(has).length > 1 ? choose("trial-station", "trial.station", [option("", "trial.all"), ...stations.filter(has).map((station) => h("option", { value: station, selected: station === chosen.station }, station))]) : null),
    chips, plot, every > 1 ? h("p", { class: "note" }, w("trial.thinned", { n: every })) : null);
}

const offered = () => series.filter((one) => one.role === chosen.role && (!chosen.station || one.station === chosen.station));

function tint(hex, alpha) {
  return `rgba(${[1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16)).join(",")},${alpha})`;
}

function traces() {
  const drawn = [], shown = offered().filter((one) => !chosen.off.has(one.channel));
  for (const one of shown) {
    const unit = reading(one.unit, one.display), ink = colour(one.channel), x = one.t.map((t) => t * clock.by);
    const y = (list) => (list ?? []).map((v) => (number(v) ? unit.of(v) : null));
    const name = esc(one.channel), hover = (what) => `<b>${name}</b> ${word(`trial.${what}`)}: %{y:.1f} ${esc(unit.label)}<br>%{x:.2f} ${clock.label}<extra></extra>`;
    if (has(one.lower) && has(one.upper)) {
      for (const band of runs(one.lower.map((v, k) => number(v) && number(one.upper[k])))) {
        const [lower, upper] = [y(one.lower), y(one.upper)];
        drawn.push({ type: "scatter", mode: "lines", x: [...band.map((k) => x[k]), ...[...band].reverse().map((k) => x[k])],
          y: [...band.map((k) => upper[k]), ...[...band].reverse().map((k) => lower[k])], fill: "toself", fillcolor: tint(ink, shown.length > 3 ? 0.06 : 0.13), line: { width: 0 }, hoverinfo: "skip" });
      }
    }
    if (has(one.model)) {
      drawn.push({ type: "scatter", mode: "lines", x, y: y(one.model), line: { color: ink, width: 2, dash: dash(one.channel) }, hovertemplate: hover("model") });
    }
    if (has(one.measured)) {
      drawn.push({ type: "scatter", mode: "markers", x, y: y(one.measured), marker: { color: ink, size: 5, symbol: `${symbol(one.channel)}-open`, line: { width: 1.2 } }, hovertemplate: hover("measured") });
      if (has(one.model)) {
        drawn.push({ type: "scatter", mode: "lines+markers", x, yaxis: "y2", connectgaps: false, line: { color: tint(ink, 0.5), width: 1 }, marker: { color: ink, size: 4, symbol: symbol(one.channel) },
          y: one.measured.map((v, k) => (number(v) && number(one.model[k]) ? unit.by(v - one.model[k]) : null)),
          hovertemplate: `<b>${name}</b> ${word("trial.residual")}: %{y:+.2f} ${esc(unit.difference)}<br>%{x:.2f} ${clock.label}<extra></extra>` });
      }
    }
  }
  return drawn;
}

// Stretches without a gap.
function runs(there) {
  const found = [];
  let run = [];
  there.forEach((ok, k) => {
    if (ok) run.push(k);
    else if (run.length) { found.push(run); run = []; }
  });
  return run.length ? [...found, run] : found;
}

// Plotly reads a little markup in its texts: names from a log must not be any.
const esc = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/%\{/g, "% {");

function layout() {
  const first = offered()[0] ?? series[0], unit = reading(first.unit, first.display);
  const same = first.unit === (question.interest?.unit ?? "K") && question.interest?.statistic !== "spread" && number(limitOf);
  const axis = { gridcolor: "#e3e8ee", linecolor: "#8b97a5", ticks: "outside", tickcolor: "#8b97a5", zeroline: false };
  return {
    margin: { l: 66, r: 18, t: 30, b: 50 }, modebar: { bgcolor: "#ffffff00", color: "#8b97a5", activecolor: "#0b5a8f" }, height: 540, showlegend: false, hovermode: "closest", paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "#fff",
    font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: "#1d2733" }, hoverlabel: { bgcolor: "#fff", font: { size: 14, color: "#1d2733" }, bordercolor: "#8b97a5" },
    xaxis: { ...axis, title: { text: word("trial.time", { unit: clock.label }) }, anchor: "y2", hoverformat: ".2f" },
    yaxis: { ...axis, domain: [0.34, 1], title: { text: word(first.unit === "K" ? "trial.temperature" : "trial.quantity", { unit: unit.label || "1" }) } },
    yaxis2: { ...axis, domain: [0, 0.26], title: { text: `${word("trial.residual")} / ${unit.difference || "1"}` }, zeroline: true, zerolinecolor: "#8b97a5" },
    shapes: same ? limitsOf.map((end) => ({ type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: unit.of(end), y1: unit.of(end), line: { color: "#b3261e", width: 1.5, dash: "dash" } })) : [],
    annotations: same ? limitsOf.map((end) => ({ xref: "paper", x: 0.01, xanchor: "left", yref: "y", y: unit.of(end), yanchor: "bottom", showarrow: false, font: { color: "#b3261e", size: 12 },
      text: `${word("trial.limit")} ${fmt(unit.of(end))} ${esc(unit.label)}` })) : [],
  };
}
