"use strict";

// The grid: one cell of it takes part in the order of Tab, arrow keys move between cells, and
// the cell stays where it was after the grid was shown anew.
(() => {
  let place = [0, 0];

  const grid = () => document.querySelector("[data-draft-grid]");
  const rows = () => [...grid().tBodies].flatMap((body) => [...body.rows]);
  const link = (row, column) => rows()[row]?.cells[column + 1]?.querySelector("a");

  const enter = (row, column) => {
    const found = link(row, column);
    if (!found) return false;
    for (const other of grid().querySelectorAll('a[tabindex="0"]')) other.tabIndex = -1;
    found.tabIndex = 0;
    place = [row, column];
    return true;
  };

  const start = () => {
    if (!grid()) return;
    if (!enter(...place)) enter(0, 0) || enter(rows().length - 1, 0);
  };

  const step = ([down, right]) => {
    let [row, column] = place;
    const width = grid().tHead.rows[0].cells.length - 1;
    do {
      row += down;
      column += right;
      if (row < 0 || column < 0 || row >= rows().length || column >= width) return;
    } while (!link(row, column));
    enter(row, column);
    link(row, column).focus();
  };

  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest("[data-draft-grid] a");
    if (!cell || event.ctrlKey || event.metaKey || event.altKey || !(event.key in steps)) return;
    event.preventDefault();
    const row = rows().indexOf(cell.closest("tr"));
    enter(row, cell.closest("td").cellIndex - 1);
    step(steps[event.key]);
  });

  document.addEventListener("focusin", (event) => {
    const cell = event.target.closest("[data-draft-grid] a");
    if (cell) enter(rows().indexOf(cell.closest("tr")), cell.closest("td").cellIndex - 1);
  });

  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (!["sheet", "draft"].includes(event.detail.target.id) && event.detail.elt.id !== "sheet") return;
    start();
    if (grid()) link(...place)?.focus();
  });

  start();
})();

// In the dialog a digit ticks the shift beside it, f the box that fixes. The other keys work on a
// tick box too: nothing is typed there.
document.addEventListener("keydown", (event) => {
  const dialog = document.querySelector("dialog[open]");
  if (!dialog || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const key = CSS.escape(event.key);
  const box = dialog.querySelector(`[data-toggle-key="${key}"]`)
    || (event.target.matches("[type=checkbox]") && dialog.querySelector(`[data-key="${key}"]`));
  if (!box || box.disabled) return;
  event.preventDefault();
  box.click();
});

// Everybody or nobody.
for (const [name, isTicked] of [["tick", true], ["untick", false]]) {
  for (const button of document.querySelectorAll(`[data-${name}]`)) {
    button.hidden = false;
    button.addEventListener("click", () => {
      for (const box of button.form.elements[button.dataset[name]]) box.checked = isTicked;
    });
  }
}
