// Begins it all: the theme, what is shown, and plots that follow the width of the window.
"use strict";
const root = document.documentElement;
const themes = ["system", "light", "dark"];
const themeButton = document.getElementById("theme");
let theme = 0;

themeButton.hidden = false;
themeButton.addEventListener("click", () => {
  theme = (theme + 1) % themes.length;
  if (theme === 0) delete root.dataset.theme;
  else root.dataset.theme = themes[theme];
  one("span", themeButton).textContent = themes[theme];
  redraw();
});

function redraw() {
  if (sheets.length) plots[current()].draw();
}

root.classList.add("js");
if (sheets.length) {
  form.hidden = false;
  readAddress();
  reflect();
  show();
  addEventListener("hashchange", () => {
    readAddress();
    reflect();
    show();
  });
}
// What changed stands first; the rest is a button away.
for (const button of all(".show-alike")) {
  const rows = one(".alike", button.closest("section"));
  if (!rows) continue;
  const shown = button.textContent;
  const count = rows.rows.length;
  const toggle = (show) => {
    rows.hidden = !show;
    button.textContent = show ? shown : `Show ${count} that are indistinguishable`;
    button.setAttribute("aria-expanded", String(show));
  };
  button.hidden = false;
  button.addEventListener("click", () => toggle(rows.hidden));
  toggle(false);
}
all("table.numbers").filter(isSeen).forEach(makeReachable);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  redraw();
});
