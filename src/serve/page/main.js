// START HERE. The page: the table of rings, and the ring that was chosen.

import { Connection } from "./connection.js";
import { Ring } from "./ring.js";
import { Rings } from "./rings.js";

const status = document.getElementById("connection");
const problem = document.getElementById("problem");
const theme = document.getElementById("theme");
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

const ring = new Ring((message) => connection.send(message));
const rings = new Rings((name) => {
  location.hash = encodeURIComponent(name);
});

const connection = new Connection(take, (isOpen) => {
  status.textContent = isOpen ? "live" : "no connection to the server: trying again";
  status.classList.toggle("lost", !isOpen);
  if (isOpen) ring.watch(true);
});

function take(message) {
  if (message.rings) rings.take(message.rings);
  if (message.problem !== undefined) showProblem(message.problem);
  if (message.watch) ring.take(message.watch);
  if (message.detail) ring.takeDetail(message.detail_id, message.detail);
  requestAnimationFrame(() => {
    ring.draw();
    connection.next();
  });
}

function showProblem(text) {
  problem.textContent = text;
  problem.hidden = text === "";
}

function followHash() {
  let name = "";
  try {
    name = decodeURIComponent(location.hash.slice(1));
  } catch {
    // it was typed by hand
  }
  if (name === "" || name === ring.name) return;
  ring.choose(name);
  rings.select(name);
}

function applyTheme() {
  const isDark = theme.value === "dark" || (theme.value === "auto" && prefersDark.matches);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  ring.redraw();
}

theme.value = localStorage.getItem("theme") ?? "auto";
theme.addEventListener("change", () => {
  localStorage.setItem("theme", theme.value);
  applyTheme();
});
prefersDark.addEventListener("change", applyTheme);
addEventListener("hashchange", followHash);
applyTheme();
followHash();
