"use strict";

// The order of the rules by drag: a dropped row says before or after which other it stands, and
// goes the way of the buttons beside it.
(() => {
  const send = (row, to) => {
    // The focus stays with the rule: htmx gives it back to the button of the same id.
    const button = document.getElementById(`up-${row.dataset.rule}`);
    button.focus({ preventScroll: true });
    window.htmx.ajax("POST", button.getAttribute("formaction"), {
      source: button,
      target: "#rules",
      swap: "outerHTML",
      values: { to },
    });
  };

  const place = (row) => {
    const next = row.nextElementSibling;
    if (next) return `before:${next.dataset.rule}`;
    const before = row.previousElementSibling;
    return before ? `after:${before.dataset.rule}` : "";
  };

  const ready = () => {
    const body = document.querySelector("tbody[data-sortable]:not([data-sortable=ready])");
    if (!body || !window.Sortable || !window.htmx) return;
    body.dataset.sortable = "ready";
    new window.Sortable(body, {
      handle: ".grip",
      animation: 120,
      ghostClass: "is-dragged",
      chosenClass: "is-chosen",
      onEnd: (event) => {
        const to = place(event.item);
        if (to && event.oldIndex !== event.newIndex) send(event.item, to);
      },
    });
  };

  document.addEventListener("DOMContentLoaded", ready);
  document.body.addEventListener("htmx:afterSettle", ready);

  // What cannot be moved further stays in reach of the keys, and does nothing.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[name=to][aria-disabled=true]");
    if (!button) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  // A row's buttons answer to the arrows too: up and down move it, Home and End to the ends.
  const keys = { ArrowUp: "up", ArrowDown: "down", Home: "top", End: "bottom" };
  document.addEventListener("keydown", (event) => {
    const to = keys[event.key];
    const button = event.target.closest(".moves button");
    if (!to || !button || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const id = button.closest("tr").dataset.rule;
    const wanted = document.getElementById(`${to}-${id}`);
    wanted.focus();
    wanted.click();
  });
})();

// A long list to tick from is narrowed by what is typed above it.
(() => {
  for (const list of document.querySelectorAll("[data-picked-many]")) {
    const box = list.querySelector("[data-narrow]");
    box.hidden = false;
    box.addEventListener("input", (event) => {
      event.stopPropagation();
      const words = box.value.trim().toLowerCase();
      for (const label of list.querySelectorAll("label")) {
        label.hidden = !label.textContent.toLowerCase().includes(words);
      }
    });
    box.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  }
})();
