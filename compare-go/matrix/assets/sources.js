// Where a number comes from: its bundle, the runs it is made of, and their command lines. And how
// numbers are reached by keyboard: one stop of the tab key for a table, then the arrow keys.
"use strict";
const dialog = document.getElementById("source");

const places = new Map(data.metrics.map(([name], place) => [name, place]));
const titleOf = (metric) => data.metrics[places.get(metric)]?.[1] ?? metric;
const bundleOf = (cell) => data.bundles[data.cells[cell].bundle];

// The runs that a metric of a cell is made of.
function runsOf(cell, metric) {
  const of = metric.startsWith("capacity:") ? metric : "load";
  const isPart = (run) => run.cell === cell && run.of === of && !run.twin;
  return data.runs.filter((run) => isPart(run) && run.state !== "invalid" && run.state !== "failed");
}

function row(...texts) {
  return element("tr", {}, ...texts.map((text) => element("td", {}, text)));
}

function table(caption, heads, rows) {
  return element("div", { class: "wide" }, element("table", {},
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, ...heads.map((h) => element("th", { scope: "col" }, h)))),
    element("tbody", {}, ...rows)));
}

function facts(pairs) {
  return element("dl", {}, ...pairs.flatMap(([name, value]) =>
    [element("dt", {}, name), element("dd", {}, value)]));
}

function commandsOf(runs) {
  const both = [["Server", "server"], ["Generator", "generator"]];
  return both.map(([title, key]) => {
    const places = [...new Set(runs.map((run) => run[key]))];
    const text = places.map((place) => {
      const files = runs.filter((run) => run[key] === place).map((run) => run.file);
      const whose = places.length > 1 ? `# ${files.join(" ")}\n` : "";
      return whose + data.commands[place];
    });
    return element("div", {}, element("h4", {}, title), element("pre", {}, text.join("\n")));
  });
}

function ofRuns(cell, metric) {
  const runs = runsOf(cell, metric);
  const { workload, server } = data.cells[cell];
  const bundle = bundleOf(cell);
  const rows = runs.map((run) => row(
    element("code", {}, run.file), String(run.round), run.purpose, run.offered,
    run.figures[places.get(metric)] ?? "", `${run.started} UTC`));
  return element("section", {},
    facts([["bundle", `${bundle.name}, SHA-256 of its manifest begins ${bundle.digest}`],
      ["made by", element("code", {}, bundle.command)], ["commit", bundle.commit]]),
    table(`The runs of ${workload}@${server}`,
      ["File", "Round", "For", "Offered", titleOf(metric), "Begun"], rows),
    ...commandsOf(runs));
}

// The binary and its start are of a server, not of a run.
function ofServer(cell) {
  const bundle = bundleOf(cell);
  const built = bundle.servers[data.cells[cell].server];
  return facts([["bundle", `${bundle.name}, SHA-256 of its manifest begins ${bundle.digest}`],
    ["file", element("code", {}, built.file)], ["built by", element("code", {}, built.build)],
    ["SHA-256", element("code", {}, built.sha256)]]);
}

function tell(number) {
  const body = document.getElementById("source-body");
  const title = document.getElementById("source-title");
  if (number.dataset.why) {
    title.textContent = "Why there is no figure";
    body.replaceChildren(element("p", {}, number.dataset.why));
  } else {
    const metric = number.dataset.m;
    const cells = number.dataset.c.split(" ").map(Number);
    const ends = one("small", number);
    const figure = one("b", number).textContent + (ends ? ` (${ends.textContent})` : "");
    title.textContent = `${titleOf(metric)}: ${figure}`;
    const names = cells.map((cell) => `${data.cells[cell].workload}@${data.cells[cell].server}`);
    const isOfServer = metric === "binary" || metric === "start-up";
    const parts = cells.map((cell, place) => {
      const part = isOfServer ? ofServer(cell) : ofRuns(cell, metric);
      if (cells.length === 1) return part;
      const open = cells.length < 3 ? { open: "" } : {};
      return element("details", open, element("summary", {}, names[place]), part);
    });
    body.replaceChildren(element("p", {}, `${number.dataset.how}.`),
      element("p", {}, `Of ${names.length > 2 ? `${names.length} cells` : names.join(" and ")}.`),
      ...parts);
  }
  dialog.showModal();
  dialog.scrollTop = 0;
}

document.addEventListener("click", (event) => {
  const number = event.target.closest?.(".n");
  if (number) tell(number);
  // A click beside the dialog closes it.
  if (event.target === dialog) dialog.close();
});

// What the mouse rests on says in short where it comes from.
document.addEventListener("mouseover", (event) => {
  const number = event.target.closest?.(".n");
  if (!number || number.title) return;
  if (number.dataset.why) {
    number.title = number.dataset.why;
    return;
  }
  const cells = number.dataset.c.split(" ").map(Number);
  const bundles = [...new Set(cells.map((cell) => bundleOf(cell).name))].join(", ");
  const files = cells.flatMap((cell) => runsOf(cell, number.dataset.m)).map((run) => run.file);
  const some = files.slice(0, 6).join(", ") + (files.length > 6 ? `, and ${files.length - 6} more` : "");
  number.title = `${number.dataset.how}\n${bundles}: ${some}\nClick for runs and command lines`;
});

const isSeen = (node) => node.offsetParent !== null;

// The numbers of a table by rows, as far as they are shown.
function numbersOf(table) {
  const rows = all("tr", table).filter(isSeen).map((line) => all(".n", line).filter(isSeen));
  return rows.filter((line) => line.length > 0);
}

function makeReachable(table) {
  const numbers = numbersOf(table).flat();
  if (numbers.length && !numbers.some((number) => number.tabIndex === 0)) numbers[0].tabIndex = 0;
}

function move(event) {
  const number = event.target.closest?.(".n");
  const table = number?.closest("table.numbers");
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const step = steps[event.key];
  if (!table || !step) return;
  const rows = numbersOf(table);
  const at = rows.findIndex((line) => line.includes(number));
  const to = rows[at + step[0]];
  const next = to?.[Math.min(rows[at].indexOf(number) + step[1], to.length - 1)];
  event.preventDefault();
  if (!next) return;
  number.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
document.addEventListener("keydown", move);

// The list of all runs of a bundle, made when it is asked for.
for (const details of all(".all-runs")) {
  details.hidden = false;
  details.addEventListener("toggle", () => {
    const wide = one(".wide", details);
    if (!details.open || wide.childElementCount) return;
    const here = data.runs.filter((run) => data.cells[run.cell].bundle === Number(details.dataset.bundle));
    const rows = here.map((run) => row(element("code", {}, run.file),
      `${data.cells[run.cell].workload}@${data.cells[run.cell].server}`, String(run.round), run.purpose,
      run.offered, `${run.started} UTC`, run.why ? `${run.state}: ${run.why}` : run.state));
    wide.append(table(`${here.length} runs`,
      ["File", "Cell", "Round", "For", "Offered", "Begun", "State"], rows));
  }, { passive: true });
}
