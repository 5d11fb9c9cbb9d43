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

    // What is ticked stands above the list, wherever it is in it, and can be taken out there.
    const picked = document.createElement("p");
    picked.className = "picked-chips";
    list.prepend(picked);
    const chipOf = (tick) => {
      const words = tick.closest("label").textContent.trim();
      const [chip, out, icon] = ["span", "button", "i"].map((tag) => document.createElement(tag));
      chip.className = "chip";
      Object.assign(out, { type: "button", className: "plain" });
      out.setAttribute("aria-label", `Take out ${words}`);
      icon.setAttribute("aria-hidden", "true");
      icon.textContent = "close";
      out.append(icon);
      out.addEventListener("click", () => { tick.click(); (picked.querySelector("button") || box).focus(); });
      chip.append(words, out);
      return chip;
    };
    const show = () => {
      const ticks = [...list.querySelectorAll("input:checked")];
      picked.hidden = !ticks.length;
      picked.replaceChildren(...ticks.map(chipOf));
    };
    list.addEventListener("change", show);
    show();
  }
})();

// Codes in order: a row moves up and down, one goes away, and there is always an empty one.
(() => {
  for (const list of document.querySelectorAll("[data-in-order]")) {
    const rows = list.querySelector("ol");
    const button = (sign, words, press) => {
      const made = document.createElement("button");
      Object.assign(made, { type: "button", className: "plain", title: words });
      made.setAttribute("aria-label", words);
      const icon = document.createElement("i");
      icon.setAttribute("aria-hidden", "true");
      icon.textContent = sign;
      made.append(icon);
      made.addEventListener("click", press);
      return made;
    };
    const boxOf = (row) => row.querySelector("input");
    const tell = () => rows.dispatchEvent(new Event("change", { bubbles: true }));
    const number = () => [...rows.children].forEach((row, at) => boxOf(row).setAttribute("aria-label", `Place ${at + 1}`));
    const ready = (row) => {
      const tools = document.createElement("span");
      const move = (event, other, side) => { if (!other) return; other[side](row); number(); event.currentTarget.focus(); tell(); };
      tools.append(
        button("arrow_upward", "Move up", (event) => move(event, row.previousElementSibling, "before")),
        button("arrow_downward", "Move down", (event) => move(event, row.nextElementSibling, "after")),
        button("close", "Take out", () => {
          const next = row.nextElementSibling || row.previousElementSibling;
          if (!next) { boxOf(row).value = ""; tell(); return; }
          row.remove();
          number();
          boxOf(next).focus();
          tell();
        }),
      );
      row.append(tools);
    };
    for (const row of rows.children) ready(row);
    rows.addEventListener("input", () => {
      const last = rows.lastElementChild;
      if (!boxOf(last).value) return;
      const row = document.createElement("li");
      row.append(boxOf(last).cloneNode());
      boxOf(row).value = "";
      ready(row);
      rows.append(row);
      number();
    });
    rows.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
    });
  }
})();
