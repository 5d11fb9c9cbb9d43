"use strict";

// The roster's grid is one stop of the Tab key; arrows move between its turns, Home and End along
// a line. A turn opens over the page. Without this every turn is a link of its own.
(() => {
  const grid = () => document.querySelector("[data-grid]");
  const turns = () => [...document.querySelectorAll("[data-grid] a.turn")];
  const cellOf = (turn) => turn.closest("[role=gridcell]");

  const settle = (current) => {
    for (const turn of turns()) turn.tabIndex = turn === current ? 0 : -1;
  };

  // Which turn this is, so that it can be found again once the grid was drawn anew.
  const keyOf = (turn) => {
    const run = turn.closest("[data-shift]");
    return JSON.stringify([
      run ? run.dataset.shift : "", (run || cellOf(turn)).dataset.on,
      turn.dataset.person || turn.closest("[role=row]").dataset.person || ""]);
  };
  let last = sessionStorage.getItem("roster-turn");

  const prepare = () => {
    if (!grid()) return;
    const all = turns();
    const known = last && all.find((turn) => keyOf(turn) === last);
    const sameRun = last && all.find(
      (turn) => JSON.stringify(JSON.parse(keyOf(turn)).slice(0, 2)) === JSON.stringify(JSON.parse(last).slice(0, 2)));
    const now = all.find((turn) => (turn.closest("[data-state]") || {}).dataset?.state !== "past");
    settle(known || sameRun || now || all[0]);
  };
  const refocus = () => document.querySelector("[data-grid] a.turn[tabindex='0']")?.focus();

  const visible = (line) => [...line.querySelectorAll("a.turn")].filter((one) => one.offsetParent !== null);

  const left = (turn) => turn.getBoundingClientRect().left;
  // The turn of another line that lies under or over this one: of the same day, else the nearest.
  const across = (turn, step) => {
    const cell = cellOf(turn);
    const inCell = [...cell.querySelectorAll("a.turn")];
    const next = inCell[inCell.indexOf(turn) + step];
    if (next) return next;
    let line = cell.parentElement;
    do {
      line = step > 0 ? line.nextElementSibling : line.previousElementSibling;
    } while (line && !visible(line).length);
    if (!line) return null;
    const column = [...cell.parentElement.children].indexOf(cell);
    const here = [...line.children[column].querySelectorAll("a.turn")];
    if (here.length && line.children.length > 2) return here[step > 0 ? 0 : here.length - 1];
    const distance = (one) => Math.abs(left(one) - left(turn));
    return visible(line).sort((one, two) => distance(one) - distance(two))[0];
  };

  // Along a line to the next day's turn, at the same place of its cell where there is one.
  const along = (turn, key) => {
    const line = visible(turn.closest("[role=row]"));
    if (key === "Home") return line[0];
    if (key === "End") return line.at(-1);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (!step) return null;
    const cell = cellOf(turn);
    const cells = [...cell.parentElement.querySelectorAll("[role=gridcell]")];
    if (cells.length === 1) return line[line.indexOf(turn) + step];
    const place = [...cell.querySelectorAll("a.turn")].indexOf(turn);
    let other = cells[cells.indexOf(cell) + step];
    while (other && !other.querySelector("a.turn")) other = cells[cells.indexOf(other) + step];
    if (!other) return null;
    const there = other.querySelectorAll("a.turn");
    return there[Math.min(place, there.length - 1)];
  };

  const toward = (turn, key) => {
    const vertical = { ArrowUp: -1, ArrowDown: 1 }[key];
    return vertical ? across(turn, vertical) : along(turn, key);
  };

  const open = (address) => window.htmx.ajax("GET", address, { target: "#dialog", swap: "innerHTML" });

  document.addEventListener("keydown", (event) => {
    const turn = event.target.closest("[data-grid] a.turn");
    if (!turn || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const next = toward(turn, event.key);
    if (!next) return;
    event.preventDefault();
    settle(next);
    next.focus();
  });

  document.addEventListener("focusin", (event) => {
    const turn = event.target.closest("[data-grid] a.turn");
    if (!turn) return;
    settle(turn);
    last = keyOf(turn);
    sessionStorage.setItem("roster-turn", last);
  });

  document.addEventListener("click", (event) => {
    const turn = event.target.closest("[data-grid] a.turn");
    if (!turn || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    turn.focus();
    open(turn.getAttribute("href"));
  });

  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "roster" || event.detail.target.id === "dialog" && !grid()) prepare();
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    if (document.activeElement === document.body && !document.querySelector("dialog[open]") && last) refocus();
  });

  // Ctrl+Z presses the Undo button of what was just saved.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
    if (event.target.closest("input, textarea, select")) return;
    const undo = document.querySelector("#messages form button");
    if (!undo) return;
    event.preventDefault();
    sessionStorage.setItem("roster-undone", "1");
    undo.click();
  });

  const print = document.querySelector("[data-print]");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }
  const narrow = document.querySelector(".grid-narrow");
  if (narrow && window.matchMedia("(max-width: 48rem)").matches) narrow.open = false;

  prepare();
  // After something was taken back the page is loaded anew: whoever works by keys goes on there.
  if (last && sessionStorage.getItem("roster-undone")) {
    sessionStorage.removeItem("roster-undone");
    refocus();
  }
  window.rosterGrid = { toward, open, settle, cellOf };
})();
