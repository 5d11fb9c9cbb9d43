"use strict";

// The week is one stop of the Tab key; arrows move between its cells, Home and End along a line.
// Without this every turn is a link of its own, which works as well.
(() => {
  const turns = () => [...document.querySelectorAll("[data-week] .run")];

  const settle = (current) => {
    for (const turn of turns()) turn.tabIndex = turn === current ? 0 : -1;
  };

  const prepare = () => {
    const now = turns().find((turn) => turn.dataset.state !== "past");
    settle(now || turns()[0]);
  };

  const visible = (line) => [...line.querySelectorAll(".run")]
    .filter((turn) => turn.offsetParent !== null);

  // The turn of another line that lies under or over this one: the same day, else the nearest.
  const across = (turn, step) => {
    const cell = turn.closest("[role=gridcell]");
    const inCell = [...cell.querySelectorAll(".run")];
    const next = inCell[inCell.indexOf(turn) + step];
    if (next) return next;
    const column = [...cell.parentElement.children].indexOf(cell);
    let line = cell.parentElement;
    do {
      line = step > 0 ? line.nextElementSibling : line.previousElementSibling;
    } while (line && !line.querySelector(".run"));
    if (!line) return null;
    const here = line.children[column].querySelectorAll(".run");
    if (here.length) return here[step > 0 ? 0 : here.length - 1];
    const distance = (one) => Math.abs([...line.children].indexOf(one.closest("[role=gridcell]")) - column);
    return visible(line).sort((one, two) => distance(one) - distance(two))[0];
  };

  const along = (turn, key) => {
    const line = visible(turn.closest("[role=row]"));
    const at = line.indexOf(turn);
    return { ArrowLeft: line[at - 1], ArrowRight: line[at + 1], Home: line[0], End: line.at(-1) }[key];
  };

  document.addEventListener("keydown", (event) => {
    const turn = event.target.closest("[data-week] .run");
    if (!turn || event.ctrlKey || event.metaKey || event.altKey) return;
    const vertical = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const next = vertical ? across(turn, vertical) : along(turn, event.key);
    if (!next) return;
    event.preventDefault();
    settle(next);
    next.focus();
  });

  document.addEventListener("focusin", (event) => {
    const turn = event.target.closest("[data-week] .run");
    if (turn) settle(turn);
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "dialog") prepare();
  });
  prepare();
})();
