// Build the page, then unpack what is heavy.

function switchTo(next) {
  language = next;
  try { localStorage.setItem(KEPT, language); } catch { /* see firstLanguage */ }
  relabel();
}

function relabel() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = `${spoken(verdict.title) || verdict.id || ""} – Foretrial 先试`;
  resay();
}

async function unpackPlotly() {
  await takePlotly();
  for (const draw of later) draw();
}

async function start() {
  const run = verdict.measured ? [] : [numericsBlock(), calibrationBlock(), posteriorBlock(), sensitivityBlock(), recoveredBlock(), trialBlock(), validationBlock(),
    partBlock(), domainBlock(), nextBlock()];
  const blocks = [verdictBlock(), measuredBlock(), budgetBlock(), ...run, criteriaBlock(), pedigreeBlock(), sealBlock()].filter(Boolean);
  document.getElementById("page").append(head(), contents(blocks.map((block) => block.id)), h("main", {}, blocks));
  relabel();
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
  if (typeof DecompressionStream === "undefined") {
    for (const id of ["trial", "part"]) document.getElementById(id)?.append(h("p", { class: "notice warn" }, w("page.old-browser")));
  } else {
    await unpackParts();
    await unpackPlotly();
  }
  document.body.dataset.ready = "yes";
}

start();
