// Plots by uPlot: latency by percentile and one metric over time, of the servers that are picked.
// Nothing is computed here: columns of the data are drawn as they are.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

// A colour of the style sheet as the theme in force has it.
const colour = (name) => {
  const probe = element("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
};
const faint = (rgb, share) => rgb.replace("rgb(", "rgba(").replace(")", `, ${share})`);

const digits = (value) => {
  const size = Math.abs(value);
  const text = size >= 99.95 || size === 0 ? value.toFixed(0) : size >= 9.995 ? value.toFixed(1)
    : value.toFixed(2);
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
};
const scaled = (value, step, units) => {
  let place = 0;
  while (Math.abs(value) >= step && place + 1 < units.length) {
    value /= step;
    place += 1;
  }
  return `${digits(value)} ${units[place]}`;
};
const units = {
  time: (ns) => scaled(ns, 1000, ["ns", "µs", "ms", "s"]),
  bytes: (bytes) => scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB"]),
  rate: (rate) => `${Math.round(rate).toLocaleString("en")}/s`,
  cores: (cores) => `${digits(cores)} cores`,
};

// What can be shown over time: a column, its unit, and whether it is drawn on logarithms.
const series = [
  ["p99_ns", "p99 latency of answers", "time", "at_s", true],
  ["p50_ns", "median latency of answers", "time", "at_s", true],
  ["max_ns", "largest latency of an answer", "time", "at_s", true],
  ["right_per_s", "right answers", "rate", "at_s", false],
  ["due_per_s", "requests that were due", "rate", "at_s", false],
  ["failed_per_s", "requests without a right answer", "rate", "at_s", false],
  ["cores", "CPU of the server", "cores", "observed_at_s", false],
  ["resident_bytes", "resident memory", "bytes", "observed_at_s", false],
];

// The name of a percentile of which one in `place` values lies above.
const percentile = (place) => {
  if (place <= 1) return "min";
  const share = 100 * (1 - 1 / place);
  return `p${share.toFixed(Math.max(0, Math.ceil(Math.log10(place)) - 2)).replace(/\.0+$/, "")}`;
};

class Plots {
  constructor(sheet, index) {
    this.sheet = sheet;
    this.data = data.sheets[index];
    this.picked = new Set(this.data.picks);
    this.drawn = [];
    const picker = one(".picker", sheet);
    picker.hidden = this.data.servers.length === 0;
    this.looks = new Map(this.data.servers);
    for (const [server, look] of this.looks) one(".picks", picker).append(this.pick(server, look));
    this.metric = one(".time-metric", sheet);
    this.round = one(".time-round", sheet);
    if (this.metric) this.offerTime();
  }

  pick(server, { hue, dash, thin }) {
    const box = element("input", { type: "checkbox", value: server });
    box.checked = this.picked.has(server);
    box.addEventListener("change", () => {
      if (box.checked) this.picked.add(server);
      else this.picked.delete(server);
      this.draw();
    });
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    mark.setAttribute("width", "34");
    mark.setAttribute("height", "12");
    mark.setAttribute("aria-hidden", "true");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    const looks = { x1: 1, x2: 33, y1: 6, y2: 6, "stroke-width": thin ? 1.5 : 3 };
    for (const [key, value] of Object.entries(looks)) line.setAttribute(key, value);
    if (dash[0] > 0) line.setAttribute("stroke-dasharray", dash.join(" "));
    line.style.stroke = `var(--hue-${hue})`;
    mark.append(line);
    const name = element("b", {}, server, element("output"));
    return element("label", { "data-server": server }, box, mark, name);
  }

  offerTime() {
    one(".time-choices", this.sheet).hidden = false;
    const told = ([key]) => this.data.over_time.some((run) => run[key].length > 0);
    for (const [key, name] of series.filter(told)) {
      this.metric.append(element("option", { value: key }, name));
    }
    const rounds = [...new Set(this.data.over_time.map((run) => run.round))].sort((a, b) => a - b);
    rounds.forEach((round) => this.round.append(element("option", { value: round }, round)));
    for (const choice of [this.metric, this.round]) {
      choice.addEventListener("change", () => this.draw());
    }
    one(".time-table", this.sheet).addEventListener("toggle", () => this.tabulate());
  }

  // Those that are picked and not filtered away.
  shown() {
    const hidden = new Set(all(".picks label[hidden]", this.sheet).map((l) => l.dataset.server));
    return (server) => this.picked.has(server) && !hidden.has(server);
  }

  draw() {
    for (const plot of this.drawn) plot.destroy();
    this.drawn = [];
    const percentiles = one('[data-chart="percentiles"]', this.sheet);
    if (percentiles) this.drawPercentiles(percentiles);
    const time = one('[data-chart="time"]', this.sheet);
    if (time) this.drawTime(time);
    this.tabulate();
  }

  drawPercentiles(chart) {
    const shown = this.shown();
    const curves = this.data.curves.filter((curve) => shown(curve.server));
    const columns = [data.places];
    const lines = [{}];
    const bands = [];
    for (const curve of curves) {
      const at = columns.length;
      columns.push(curve.ns, curve.high_ns, curve.low_ns);
      const look = this.looks.get(curve.server);
      const stroke = colour(`hue-${look.hue}`);
      lines.push(line(look, stroke));
      lines.push({ stroke: "transparent", points: { show: false } });
      lines.push({ stroke: "transparent", points: { show: false } });
      bands.push({ series: [at + 1, at + 2], fill: faint(stroke, 0.13) });
    }
    const last = Math.max(10, ...curves.map((curve) => data.places[curve.ns.length - 1]));
    const nines = (plot, axis, low, high) =>
      [1, 2, 10, 100, 1000, 10000, 100000, 1000000].filter((x) => x >= low && x <= high * 1.001);
    const everyone = (plot, ticks) => ticks;
    const values = curves.map((curve) => [curve.server, curve.ns]);
    this.drawn.push(new uPlot({
      ...size(chart),
      legend: { show: false },
      cursor: { points: { show: (plot, at) => (at - 1) % 3 === 0 }, y: false },
      hooks: { setCursor: [(plot) => this.tell(plot, values, units.time, percentile)] },
      padding: [8, 36, 0, 0],
      scales: { x: { time: false, distr: 3, range: [1, last] }, y: { distr: 3, range: roomy } },
      axes: [
        axis("percentile of requests", (plot, ticks) => ticks.map(percentile), { splits: nines, filter: everyone }),
        axis("latency", (plot, ticks) => ticks.map(units.time), logarithms),
      ],
      series: lines,
      bands,
    }, columns, chart));
  }

  runs() {
    const shown = this.shown();
    const round = Number(this.round.value);
    return this.data.over_time.filter((run) => run.round === round && shown(run.server));
  }

  drawTime(chart) {
    const [key, name, unit, at, logarithmic] = series.find(([key]) => key === this.metric.value);
    const runs = this.runs();
    const times = [...new Set(runs.flatMap((run) => run[at]))].sort((a, b) => a - b);
    const columns = [times];
    const lines = [{}];
    for (const run of runs) {
      const values = new Map(run[at].map((time, place) => [time, run[key][place]]));
      columns.push(times.map((time) => values.get(time) ?? null));
      const look = this.looks.get(run.server);
      lines.push({ ...line(look, colour(`hue-${look.hue}`)), spanGaps: true });
    }
    const lost = runs.filter((run) => !run.counts).map((run) => run.server);
    one(".time-note", this.sheet).textContent = lost.length === 0 ? ""
      : `Round ${this.round.value} of ${lost.join(", ")} does not count.`;
    const values = runs.map((run, place) => [run.server, columns[place + 1]]);
    const some = columns.slice(1).flat().filter((value) => value !== null);
    const drawLog = logarithmic && some.length > 0 && some.every((value) => value > 0);
    this.drawn.push(new uPlot({
      ...size(chart),
      legend: { show: false },
      cursor: { y: false },
      hooks: { setCursor: [(plot) => this.tell(plot, values, units[unit], (s) => `${digits(s)} s`)] },
      scales: {
        x: { time: false },
        y: drawLog ? { distr: 3, range: roomy }
          : { range: (plot, low, high) => [0, (high || 1) * 1.08] },
      },
      axes: [
        axis("seconds of the counted time", (plot, ticks) => ticks.map(digits)),
        axis(name, (plot, ticks) => ticks.map(units[unit]), drawLog ? logarithms : { size: 84 }),
      ],
      series: lines,
    }, columns, chart));
  }

  // The figures under the cursor, beside the names of their servers.
  tell(plot, values, unit, where) {
    const at = plot.cursor.idx;
    const texts = new Map(values.map(([server, column]) => {
      const value = at === null || at === undefined ? null : column[at];
      const place = value === null ? "" : where(plot.data[0][at]);
      return [server, value === null || value === undefined ? "" : `${place}: ${unit(value)}`];
    }));
    for (const label of all(".picks label", this.sheet)) {
      one("output", label).textContent = texts.get(label.dataset.server) ?? "";
    }
  }

  tabulate() {
    const details = one(".time-table", this.sheet);
    if (!details || !details.open) return;
    const [key, name, unit, at] = series.find(([key]) => key === this.metric.value);
    const runs = this.runs();
    const heads = runs.map((run) => element("th", { scope: "col", class: "right" }, run.server));
    const times = runs.length ? runs[0][at] : [];
    const rows = times.map((time, place) => element("tr", {},
      element("th", { scope: "row" }, `${digits(time)} s`),
      ...runs.map((run) => element("td", { class: "right" },
        run[key][place] === undefined ? "–" : units[unit](run[key][place])))));
    const table = element("table", {},
      element("caption", {}, `${name}, round ${this.round.value}`),
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "until"), ...heads)),
      element("tbody", {}, ...rows));
    one(".wide", details).replaceChildren(table);
  }
}

function line({ dash, thin }, stroke) {
  return {
    stroke, width: thin ? 1.5 : 2.5, dash: dash[0] > 0 ? dash : undefined, points: { show: false },
  };
}

// A logarithmic axis with some room about the figures, and marks at 1, 2 and 5.
const roomy = (plot, low, high) => (low > 0 ? [low / 1.3, high * 1.3] : [1, 10]);
const logarithms = {
  size: 84,
  splits: (plot, axis, low, high) => {
    const marks = [];
    for (let ten = 10 ** Math.floor(Math.log10(low)); ten <= high; ten *= 10) {
      marks.push(...[1, 2, 5].map((digit) => digit * ten));
    }
    return marks.filter((mark) => mark >= low && mark <= high);
  },
  filter: (plot, ticks) => ticks,
};

function size(chart) {
  const width = Math.max(280, chart.clientWidth);
  return { width, height: width < 500 ? 300 : 380 };
}

function axis(label, values, more = {}) {
  const ink = colour("muted");
  const grid = { stroke: colour("line"), width: 1 };
  const font = "12px system-ui, sans-serif";
  return { label, values, stroke: ink, grid, ticks: grid, labelSize: 22, font, labelFont: font, ...more };
}
