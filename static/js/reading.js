"use strict";

// A reader's list by keyboard: one study is selected, keys act on it. The server draws the list
// anew with every study in its place; what is selected, typed and pressed is put back here.
(() => {
  const list = () => document.getElementById("my-list");
  if (!list()) return;
  let selected = null;
  // Until the reader chooses one, "next" begins at the top.
  let isChosen = false;
  let words = "";
  let drawnAt = performance.now();

  const studies = () => [...list().querySelectorAll("[data-study]")].filter((one) => !one.hidden);
  const current = () => studies().find((one) => one.dataset.study === selected);

  // "Next" starts the study that it names, as this page shows it, and no other: the first that can
  // be started after the one the reader chose, and round to the top again.
  const nameNext = () => {
    const all = [...list().querySelectorAll("[data-study]")];
    const at = isChosen ? all.findIndex((one) => one.dataset.study === selected) : -1;
    const next = [...all.slice(at + 1), ...all.slice(0, at + 1)].find(
      (one) => one.querySelector("[data-act=s]"));
    const form = document.getElementById("next").form;
    form.elements.order.value = next ? next.dataset.study : "";
    form.elements.token.value = next ? next.querySelector("input[name=token]").value : "";
  };

  const select = (study, { focus = true, chosen = true } = {}) => {
    isChosen = isChosen || chosen;
    for (const one of list().querySelectorAll("[data-study]")) {
      const isIt = one === study;
      one.tabIndex = isIt ? 0 : -1;
      one.toggleAttribute("data-selected", isIt);
    }
    selected = study ? study.dataset.study : null;
    nameNext();
    if (study && focus) {
      study.focus({ preventScroll: true });
      study.scrollIntoView({ block: "nearest" });
    }
  };

  const move = (step) => {
    const all = studies();
    const at = all.indexOf(current());
    const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1);
    if (all.length) select(all[next]);
  };

  // The selected study moved from the offers to the table, or was taken away: who comes next in
  // its place is selected, but nothing is focused that the reader did not choose.
  const reselect = (order) => {
    const study = current();
    if (study) { select(study, { focus: false, chosen: false }); return; }
    const left = order.slice(order.indexOf(selected) + 1).find(
      (id) => studies().some((one) => one.dataset.study === id));
    select(studies().find((one) => one.dataset.study === left) || studies()[0] || null,
      { focus: false, chosen: false });
  };

  const press = (key) => {
    const button = current()?.querySelector(`[data-act="${key}"]`);
    if (button && !button.disabled) button.click();
    return Boolean(button);
  };

  const moves = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && !(event.key in moves)) return;
    if (target.closest("input, textarea, select") || document.querySelector("dialog[open], :popover-open")) return;
    if (event.key in moves) {
      event.preventDefault();
      move(moves[event.key]);
    } else if (["a", "s", "d", "b"].includes(event.key)) {
      if (press(event.key)) event.preventDefault();
    } else if (event.key === "Enter" && target.matches("[data-study]")) {
      if (press("s")) event.preventDefault();
    }
  });

  list().ownerDocument.addEventListener("click", (event) => {
    const study = event.target.closest?.("#my-list [data-study]");
    if (study) select(study, { focus: !event.target.closest("button, a, input") });
  });
  document.addEventListener("focusin", (event) => {
    const study = event.target.closest?.("#my-list [data-study]");
    if (study && study.dataset.study !== selected) select(study, { focus: false });
  });

  // -- words that narrow the rows here, so that a patient's name never leaves the page ------

  const narrow = () => {
    const asked = words.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    for (const row of list().querySelectorAll("tr[data-study]")) {
      const text = row.textContent.toLocaleLowerCase();
      row.hidden = !asked.every((word) => text.includes(word));
    }
  };
  document.addEventListener("input", (event) => {
    if (event.target.id !== "narrow") return;
    words = event.target.value;
    narrow();
  });

  // -- clocks that run down, and the mark on the page's name --------------------------------

  const shown = (seconds) => {
    const all = Math.abs(seconds);
    const pair = (value) => String(value).padStart(2, "0");
    const hours = Math.floor(all / 3600);
    const minutes = Math.floor(all / 60) % 60;
    const head = hours ? `${hours}:${pair(minutes)}` : `${minutes}`;
    return `${seconds < 0 ? "-" : ""}${head}:${pair(all % 60)}`;
  };
  const tick = () => {
    const passed = Math.floor((performance.now() - drawnAt) / 1000);
    for (const one of list().querySelectorAll("[data-left]")) {
      const left = Number(one.dataset.left) - passed;
      one.textContent = shown(left);
      one.dataset.state = left < 0 ? "over" : left < 120 ? "close" : "running";
    }
  };
  setInterval(tick, 1000);

  const title = document.title;
  const icon = document.querySelector("link[rel=icon]");
  const calm = icon.href;
  const markPage = () => {
    const offers = Number(list().dataset.offers);
    document.title = offers ? `(${offers}) STAT · ${title}` : title;
    const wanted = offers ? list().dataset.statIcon : calm;
    if (icon.href !== wanted) icon.href = wanted;
  };

  // -- before and after the list is drawn anew ----------------------------------------------

  let order = [];
  let focused = null;
  let isPressing = false;
  document.addEventListener("pointerdown", () => { isPressing = true; });
  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, () => { isPressing = false; });
  }

  const settle = () => {
    drawnAt = performance.now();
    const narrowing = list().querySelector(".narrow");
    narrowing.hidden = false;
    narrowing.querySelector("input").value = words;
    narrow();
    if (list().dataset.select) {
      selected = list().dataset.select;
      isChosen = true;
    }
    reselect(order);
    if (focused && document.activeElement === document.body) current()?.focus({ preventScroll: true });
    if (list().dataset.select) current()?.scrollIntoView({ block: "nearest" });
    focused = null;
    tick();
    markPage();
  };

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    // Between pressing and letting go nothing may be put under the pointer.
    if (isPressing && event.detail.elt.id === "my-list") event.preventDefault();
  });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    if (target.id === "my-list" && xhr.status === 404) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
    if (target.id === "my-list" && event.detail.shouldSwap) {
      order = studies().map((one) => one.dataset.study);
      focused = target.contains(document.activeElement) ? document.activeElement : null;
    }
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (list() && event.detail.target.id === "my-list") settle();
  });
  // The study behind the dialog is no longer theirs: the list says so.
  document.body.addEventListener("htmx:responseError", (event) => {
    if (event.detail.target.id !== "dialog" || event.detail.xhr.status !== 404) return;
    document.getElementById("dialog").close();
    window.htmx.trigger(document.body, "study-changed");
  });

  // -- somebody sits here --------------------------------------------------------------------

  let notedAt = -Infinity;
  const note = () => {
    if (performance.now() - notedAt < 60000) return;
    notedAt = performance.now();
    window.htmx.trigger("#activity", "reader-active");
  };
  for (const name of ["keydown", "pointerdown", "pointermove"]) {
    document.addEventListener(name, note, { passive: true });
  }

  settle();
})();
