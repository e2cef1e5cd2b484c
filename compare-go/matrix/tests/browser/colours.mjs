// Whether colours can be told apart: from the page by their luminance (WCAG 2.2), and from each other
// by their distance in CIELAB (1976), as people see them whose eyes lack one kind of cone (Machado,
// Oliveira and Fernandes, 2009, at full severity).
import assert from "node:assert/strict";

const sights = {
  all: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039]],
};
const distanceMin = { all: 30, protanopia: 20, deuteranopia: 20, tritanopia: 18 };
const contrastMin = 3;

const times = (rows, vector) => rows.map((row) => row.reduce((sum, x, at) => sum + x * vector[at], 0));
const within = (x) => Math.min(1, Math.max(0, x));

function linear(rgb) {
  const parts = rgb.match(/\d+/g).slice(0, 3).map((part) => Number(part) / 255);
  return parts.map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
}

const luminance = ([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue;

function lab(colour) {
  const rows = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]];
  const white = [0.9505, 1, 1.089];
  const root = (t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const [x, y, z] = times(rows, colour).map((part, at) => root(Math.max(0, part) / white[at]));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

// Fails where a hue is too near to the page or to another one. Colours are as a browser writes them.
export function tellApart(hues, page) {
  const ground = luminance(linear(page));
  hues.forEach((hue, at) => {
    const light = luminance(linear(hue));
    const contrast = (Math.max(light, ground) + 0.05) / (Math.min(light, ground) + 0.05);
    assert.ok(contrast >= contrastMin, `hue ${at}, ${hue}: contrast ${contrast.toFixed(2)}`);
  });
  for (const [sight, rows] of Object.entries(sights)) {
    const seen = hues.map((hue) => lab(times(rows, linear(hue)).map(within)));
    seen.forEach((one, first) => seen.slice(first + 1).forEach((other, step) => {
      const distance = Math.hypot(...one.map((x, at) => x - other[at]));
      const what = `${sight}: hues ${first} and ${first + 1 + step}: ${distance.toFixed(1)}`;
      assert.ok(distance >= distanceMin[sight], what);
    }));
  }
}
