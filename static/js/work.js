"use strict";

// The menu of readers: type to narrow it, arrows to choose, Enter to assign. Dialogs come and go,
// so everything is listened for on the page.
(() => {
  const shown = (list) => [...list.querySelectorAll("label.candidate")].filter((one) => !one.hidden);

  const narrow = (field) => {
    const list = document.querySelector(field.dataset.narrows);
    const words = field.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    for (const one of list.querySelectorAll("[data-name]")) {
      one.hidden = !words.every((word) => one.dataset.name.includes(word));
    }
    const refused = list.querySelector("details.refused");
    if (refused) refused.open = words.length > 0 && !shown(list).length;
    const chosen = list.querySelector("input[type=radio]:checked");
    if (chosen && chosen.closest("label").hidden) chosen.checked = false;
  };

  const move = (field, by) => {
    const list = document.querySelector(field.dataset.narrows);
    const radios = shown(list).map((one) => one.querySelector("input[type=radio]")).filter(Boolean);
    if (!radios.length) return;
    const at = radios.findIndex((one) => one.checked);
    const next = radios[at < 0 ? (by > 0 ? 0 : radios.length - 1) : (at + by + radios.length) % radios.length];
    next.checked = true;
    next.closest("label").scrollIntoView({ block: "nearest" });
    next.dispatchEvent(new Event("change", { bubbles: true }));
  };

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-narrows]")) narrow(event.target);
  });

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest && event.target.closest("[data-narrows]");
    if (!field) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(field, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const list = document.querySelector(field.dataset.narrows);
      // One name left is a choice; among several the person has to say which.
      if (!list.querySelector("input[type=radio]:checked")) {
        event.preventDefault();
        if (shown(list).length === 1) move(field, 1);
        return;
      }
      // A full reader needs a reason first.
      const chosen = list.querySelector("input[type=radio]:checked");
      const reason = field.form.querySelector("[name=reason]");
      if (chosen.dataset.needsReason !== undefined && reason && !reason.value.trim()) {
        event.preventDefault();
        reason.focus();
      }
    }
  });

  // The field serves typing only, so it is shown only where this script runs.
  const open = (root) => {
    for (const finder of root.querySelectorAll(".finder[hidden]")) finder.hidden = false;
    const first = root.querySelector("[autofocus]");
    if (first) first.focus();
  };
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id === "dialog") open(event.detail.target);
  });
  open(document);
})();
