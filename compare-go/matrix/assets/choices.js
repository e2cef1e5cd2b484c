// What is shown: one sheet, one metric to rank by, and the servers that pass the filters. The
// choices stand in the address, so that they can be handed on.
"use strict";
const form = document.getElementById("choices");
const sheets = all(".sheet");
const plots = sheets.map((sheet, index) => new Plots(sheet, index));
const chosen = { sheet: sheets[0]?.id, metric: "", text: "", off: new Set() };
const sheetChoice = document.getElementById("choose-sheet");
const metricChoice = document.getElementById("choose-metric");
const textChoice = document.getElementById("choose-text");
const current = () => sheets.findIndex((sheet) => sheet.id === chosen.sheet);

function readAddress() {
  const address = new URLSearchParams(location.hash.slice(1));
  const sheet = sheets.find((sheet) => sheet.id === address.get("sheet"));
  if (sheet) chosen.sheet = sheet.id;
  chosen.metric = address.get("by") ?? chosen.metric;
  chosen.text = address.get("server") ?? chosen.text;
  chosen.off = new Set((address.get("without") ?? "").split(" ").filter(Boolean));
}

function writeAddress() {
  const address = new URLSearchParams();
  address.set("sheet", chosen.sheet);
  address.set("by", chosen.metric);
  if (chosen.text) address.set("server", chosen.text);
  if (chosen.off.size) address.set("without", [...chosen.off].join(" "));
  history.replaceState(null, "", `#${address}`);
}

function offerMetrics() {
  const metrics = [...new Set(all(".by", sheets[current()]).map((by) => by.dataset.metric))];
  if (!metrics.includes(chosen.metric)) chosen.metric = metrics[0] ?? "";
  metricChoice.replaceChildren(...metrics.map((metric) =>
    element("option", { value: metric }, titleOf(metric))));
  metricChoice.value = chosen.metric;
  metricChoice.closest("label").hidden = metrics.length === 0;
}

// Whether a server passes: no choice of its is switched off, and its name has the text.
function passes(marks) {
  const switchedOff = [...chosen.off].some((pair) => {
    const [facet, value] = pair.split(":");
    return marks[facet] === value;
  });
  return !switchedOff && marks.server.includes(chosen.text);
}

function show() {
  offerMetrics();
  const index = current();
  sheets.forEach((sheet, place) => sheet.classList.toggle("on", place === index));
  for (const by of all(".by", sheets[index])) {
    by.classList.toggle("on", by.dataset.metric === chosen.metric);
  }
  for (const marked of all("[data-server]", sheets[index])) {
    if (!marked.closest(".picks")) marked.hidden = !passes(marked.dataset);
  }
  const rows = all("table.figures", sheets[index])[0]?.tBodies[0].rows ?? [];
  const passing = new Set([...rows].filter((line) => !line.hidden).map((l) => l.dataset.server));
  for (const label of all(".picks label", sheets[index])) {
    label.hidden = !passing.has(label.dataset.server);
  }
  const many = `${passing.size} of ${rows.length} servers`;
  document.getElementById("shown").textContent =
    passing.size === rows.length ? `all ${rows.length} servers` : `${many}; places are among all`;
  const off = chosen.off.size;
  document.getElementById("filter-count").textContent = off ? `(${off} off)` : "";
  all("table.numbers").filter(isSeen).forEach(makeReachable);
  plots[index].draw();
  writeAddress();
}

function reflect() {
  sheetChoice.value = chosen.sheet;
  textChoice.value = chosen.text;
  for (const box of all("[data-facet]", form)) {
    box.checked = !chosen.off.has(`${box.dataset.facet}:${box.value}`);
  }
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", (event) => {
  event.preventDefault();
  chosen.text = "";
  chosen.off = new Set();
  reflect();
  show();
});
form.addEventListener("input", () => {
  chosen.sheet = sheetChoice.value;
  chosen.metric = metricChoice.value || chosen.metric;
  chosen.text = textChoice.value.trim();
  const off = all("[data-facet]", form).filter((box) => !box.checked);
  chosen.off = new Set(off.map((box) => `${box.dataset.facet}:${box.value}`));
  show();
});

// Leaving the filters closes them, by mouse, Escape or tab.
const filters = one(".filters", form);
document.addEventListener("click", (event) => {
  if (filters.open && !filters.contains(event.target)) filters.open = false;
});
filters.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !filters.open) return;
  filters.open = false;
  one("summary", filters).focus();
});
filters.addEventListener("focusout", (event) => {
  if (event.relatedTarget && !filters.contains(event.relatedTarget)) filters.open = false;
});

// An answer leads to its sheet.
for (const answer of all(".answer")) {
  one("h3 a", answer).addEventListener("click", (event) => {
    event.preventDefault();
    chosen.sheet = sheets[Number(answer.dataset.goto)].id;
    reflect();
    show();
    sheets[current()].scrollIntoView();
  });
}
// So does a part of a sheet, without losing the choices in the address.
for (const link of all(".sheet nav a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const part = document.getElementById(link.getAttribute("href").slice(1));
    part.scrollIntoView();
    part.tabIndex = -1;
    part.focus({ preventScroll: true });
  });
}
