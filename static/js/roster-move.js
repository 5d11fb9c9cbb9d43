"use strict";

// Turns are assigned, moved and stretched by dragging or by keys. Either way ends in the same
// sheet, which says what will change before it is saved; nothing is changed here.
(() => {
  const { toward, open, settle, cellOf } = window.rosterGrid;
  const grid = () => document.querySelector("[data-grid][data-editable]");
  const isDay = () => grid().dataset.view === "day";
  const isTimeline = (turn) => Boolean(turn.closest(".track"));
  const says = (words) => { document.getElementById("grid-says").textContent = words; };
  const STEP = 900;
  const EDGE = 8;
  const FAR = 5;

  // -- what a turn, a cell or a line is ------------------------------------------------------

  const runOf = (element) => element?.closest?.("[data-shift]");
  const lineOf = (element) => element?.closest?.("[role=row]");
  const personOf = (element) => element?.closest?.("[data-person]")?.dataset.person || "";
  const nameOf = (turn) => (turn.title || turn.textContent).trim().split(":")[0];

  const address = (run, act, values) => {
    const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
    return `/roster/arrange/${run.shift}/${run.on}/${act}/?${query}`;
  };
  const held = (turn) => {
    const run = runOf(turn);
    const person = personOf(turn);
    return run && person ? { shift: run.dataset.shift, on: run.dataset.on, person, turn } : null;
  };

  // Where something is dropped, and the address of the sheet that this opens; none elsewhere.
  const dropAddress = (what, target) => {
    const run = runOf(target)?.dataset;
    const other = personOf(lineOf(target));
    if (!what.shift) return run ? address(run, "assign", { person: what.person }) : null;
    if (other && other !== what.person && !run) {
      return address(what, "assign", { person: other, other: what.person });
    }
    if (other && other !== what.person) {
      return run.shift === what.shift && run.on === what.on
        ? null : address(what, "assign", { person: other, other: what.person });
    }
    if (run) {
      if (run.shift === what.shift && run.on === what.on) return null;
      const there = target.closest("a.turn[data-person]");
      const partner = there && !other ? there.dataset.person : "";
      return address(what, "move", {
        person: what.person, to_shift: run.shift, to_on: run.on,
        other: partner && partner !== what.person ? partner : "" });
    }
    const cell = target.closest("[role=gridcell]");
    const isSame = !cell || isDay() || cell.dataset.on === what.on;
    return isSame ? null
      : address(what, "move", { person: what.person, to_shift: what.shift, to_on: cell.dataset.on });
  };
  const targetAt = (element) =>
    element?.closest?.("[data-grid] :is(a.turn[data-person], .run, a.slot.turn, [role=gridcell])");

  // -- marks ---------------------------------------------------------------------------------

  const unmark = (name) => {
    for (const one of document.querySelectorAll(`.${name}`)) one.classList.remove(name);
  };
  const mark = (element, name) => {
    unmark(name);
    element?.classList.add(name);
  };

  // -- stretching over days: from a turn's cell to another of its line -------------------------

  const cellsOf = (turn) => [...lineOf(turn).querySelectorAll("[role=gridcell]")];
  const markDays = (turn, last) => {
    unmark("is-stretched");
    const cells = cellsOf(turn);
    const [first, end] = [cells.indexOf(cellOf(turn)), cells.indexOf(last)];
    for (const cell of cells.slice(first, end + 1)) cell.classList.add("is-stretched");
    says(`Until ${last.dataset.on}. Enter to go on, Escape to leave it.`);
  };
  // The date of the run in a cell, which in another zone may be the day before or after.
  const dateIn = (turn, cell) => {
    const same = cell.querySelector(`[data-shift="${runOf(turn).dataset.shift}"]`);
    return same ? same.dataset.on : cell.dataset.on;
  };
  const openDays = (turn, cell) => {
    const what = held(turn);
    open(address(what, "stretch", { person: what.person, until: dateIn(turn, cell) }));
  };

  // -- stretching over hours: a bar's ends in steps of a quarter of an hour --------------------

  const placeOf = (bar) => ({ from: Number(bar.dataset.from), span: Number(bar.dataset.span) });
  const showPlace = (bar, { from, span }) => {
    bar.className = bar.className.replace(/from-\d+/, `from-${from}`).replace(/span-\d+/, `span-${span}`);
    bar.classList.add("is-held");
    const start = Number(grid().dataset.start) * 1000;
    const clock = (step) => new Date(start + step * STEP * 1000).toISOString();
    says(`From ${clock(from - 1)} to ${clock(from - 1 + span)}. Enter to go on, Escape to leave it.`);
  };
  const reset = (bar) => {
    if (!bar?.classList.contains("slot")) return;
    showPlace(bar, placeOf(bar));
    bar.classList.remove("is-held");
  };
  const withEnds = (place, which, step) => {
    const steps = Number(grid().dataset.steps);
    const last = place.from + place.span;
    if (which === "start") {
      const from = Math.min(Math.max(step, 1), last - 1);
      return { from, span: last - from };
    }
    return { from: place.from, span: Math.min(Math.max(step - place.from, 1), steps + 1 - place.from) };
  };
  const openHours = (bar, place, which) => {
    const what = held(bar);
    const start = Number(grid().dataset.start);
    const begun = "begun" in bar.dataset && which !== "start";
    const goesOn = "goesOn" in bar.dataset && which !== "end";
    // An end that lies outside of this day is the run's own; the sheet knows it.
    open(address(what, "stretch", {
      person: what.person,
      from_at: begun ? "" : start + (place.from - 1) * STEP,
      until_at: goesOn ? "" : start + (place.from - 1 + place.span) * STEP }));
  };

  // -- by pointer ------------------------------------------------------------------------------

  let drag = null;

  const ghost = (words) => {
    const one = document.createElement("div");
    one.className = "ghost";
    one.textContent = words;
    document.body.append(one);
    return one;
  };
  const begin = (event) => {
    if (event.button !== 0 || event.pointerType === "touch" || !grid()) return;
    const item = event.target.closest("[data-tray] li");
    const turn = event.target.closest("[data-grid] a.turn");
    if (item) {
      drag = { what: { person: item.dataset.person }, words: item.textContent };
    } else if (turn && held(turn)) {
      const box = turn.getBoundingClientRect();
      const atEnd = box.right - event.clientX <= EDGE;
      const atStart = isTimeline(turn) && event.clientX - box.left <= EDGE;
      const edge = turn.dataset.kind && turn.dataset.kind !== "on" ? "" : atEnd ? "end" : atStart ? "start" : "";
      drag = { what: held(turn), words: nameOf(turn), turn, edge };
    } else if (turn && turn.matches(".gap") && runOf(turn)) {
      drag = { bare: runOf(turn).dataset, words: nameOf(turn), turn, what: {} };
    } else return;
    drag.x = event.clientX;
    drag.y = event.clientY;
  };
  const stepAt = (event) => {
    const box = drag.turn.closest(".track").getBoundingClientRect();
    return Math.round((event.clientX - box.left) / box.width * Number(grid().dataset.steps)) + 1;
  };
  const stretchTo = (event) => {
    if (isTimeline(drag.turn)) {
      drag.place = withEnds(placeOf(drag.turn), drag.edge, stepAt(event));
      showPlace(drag.turn, drag.place);
      return;
    }
    const over = cellsOf(drag.turn).find((cell) => {
      const box = cell.getBoundingClientRect();
      return event.clientX >= box.left && event.clientX < box.right;
    });
    const cells = cellsOf(drag.turn);
    if (over && cells.indexOf(over) >= cells.indexOf(cellOf(drag.turn))) {
      drag.last = over;
      markDays(drag.turn, over);
    }
  };
  const addressAt = (target) => {
    if (!target) return null;
    if (!drag.bare) return dropAddress(drag.what, target);
    const person = personOf(lineOf(target));
    return person ? address(drag.bare, "assign", { person }) : null;
  };
  const move = (event) => {
    if (!drag) return;
    if (!drag.moving) {
      if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < FAR) return;
      drag.moving = true;
      document.body.classList.add("is-dragging");
      if (!drag.edge) drag.ghost = ghost(drag.words);
    }
    event.preventDefault();
    if (drag.edge) { stretchTo(event); return; }
    drag.ghost.style.transform = `translate(${event.clientX + 12}px, ${event.clientY + 12}px)`;
    const target = targetAt(document.elementFromPoint(event.clientX, event.clientY));
    drag.address = addressAt(target);
    mark(drag.address ? target : null, "is-target");
  };
  const stop = () => {
    drag?.ghost?.remove();
    if (drag?.edge) reset(drag.turn);
    document.body.classList.remove("is-dragging");
    unmark("is-target");
    unmark("is-stretched");
    drag = null;
  };
  const drop = () => {
    const { moving, edge, turn, place, last, address: to } = drag || {};
    stop();
    if (!moving) return;
    // The click that ends a drag opens nothing.
    window.addEventListener("click", (event) => { event.preventDefault(); event.stopPropagation(); },
      { capture: true, once: true });
    setTimeout(() => window.dispatchEvent(new Event("roster-drag-over")), 0);
    if (edge && place) openHours(turn, place, edge);
    else if (edge && last) openDays(turn, last);
    else if (to) open(to);
  };
  document.addEventListener("pointerdown", begin);
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", drop);
  document.addEventListener("pointercancel", stop);
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest("[data-grid], [data-tray]")) event.preventDefault();
  });

  // -- by keys -----------------------------------------------------------------------------------

  let picked = null;
  let stretch = null;
  const clear = () => {
    if (picked) picked.turn.classList.remove("is-held");
    if (stretch?.place) reset(stretch.turn);
    picked = null;
    stretch = null;
    unmark("is-target");
    unmark("is-stretched");
    says("");
  };

  const stretchBy = (turn, step, which) => {
    if (stretch?.turn !== turn) { clear(); stretch = { turn }; }
    if (isTimeline(turn)) {
      const place = stretch.place || placeOf(turn);
      const end = which === "start" ? place.from + step : place.from + place.span + step;
      stretch.which = which;
      stretch.place = withEnds(place, which, end);
      showPlace(turn, stretch.place);
      return;
    }
    const cells = cellsOf(turn);
    const first = cells.indexOf(cellOf(turn));
    const now = stretch.last ? cells.indexOf(stretch.last) : first;
    stretch.last = cells[Math.min(Math.max(now + step, first), cells.length - 1)];
    markDays(turn, stretch.last);
  };

  const enter = () => {
    if (stretch) {
      const { turn, place, last, which } = stretch;
      clear();
      if (place) openHours(turn, place, which);
      else if (last) openDays(turn, last);
      return true;
    }
    if (!picked) return false;
    const to = dropAddress(picked, targetAt(document.activeElement));
    clear();
    if (to) open(to);
    return true;
  };

  const press = (turn, key) => {
    const run = runOf(turn);
    const what = held(turn);
    if (key === "a" && run) { open(address(run.dataset, "assign", {})); return true; }
    if (key === "a" && turn.matches(".free")) { open(turn.getAttribute("href")); return true; }
    if ((key === "Delete" || key === "Backspace") && what) {
      open(address(what, "take-off", { person: what.person }));
      return true;
    }
    if (key === "m" && what) {
      clear();
      picked = what;
      turn.classList.add("is-held");
      says(`${nameOf(turn)} is picked up. Arrows move, Enter puts down, Escape leaves it.`);
      return true;
    }
    return false;
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && (drag || picked || stretch)) {
      event.preventDefault();
      stop();
      clear();
      return;
    }
    const turn = event.target.closest?.("[data-editable] a.turn");
    if (!turn || event.ctrlKey || event.metaKey) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.shiftKey && step && held(turn)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      stretchBy(turn, step, event.altKey ? "start" : "end");
    } else if (event.key === "Enter" && !event.shiftKey && !event.altKey && enter()) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (!event.shiftKey && !event.altKey && press(turn, event.key)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (picked && !event.shiftKey && !event.altKey) {
      // The turn that is held stays marked while the focus looks for its new place.
      const next = toward(turn, event.key);
      if (next) {
        event.preventDefault();
        event.stopImmediatePropagation();
        settle(next);
        next.focus();
        mark(targetAt(next), "is-target");
      }
    }
  }, { capture: true });

  // -- the tray of people, and the sheet ---------------------------------------------------------

  const narrow = (input, items) => {
    const words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    for (const item of items) {
      const text = `${item.textContent} ${item.title}`.toLocaleLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
    }
  };
  const tray = document.querySelector("[data-tray]");
  if (tray) {
    tray.hidden = false;
    const find = tray.querySelector("input");
    find.addEventListener("input", () => narrow(find, tray.querySelectorAll("li")));
  }

  const dialog = document.getElementById("dialog");
  const boxes = () => [...dialog.querySelectorAll(".arrange-people li:not([hidden]) input")];
  const choose = (box) => {
    if (!box || box.checked) return;
    box.checked = true;
    box.scrollIntoView({ block: "nearest" });
    box.dispatchEvent(new Event("change", { bubbles: true }));
  };
  dialog.addEventListener("input", (event) => {
    if (!event.target.matches("[data-find]")) return;
    event.stopPropagation();
    narrow(event.target, dialog.querySelectorAll(".arrange-people li"));
    choose(boxes()[0]);
  });
  dialog.addEventListener("change", (event) => { if (event.target.matches("[data-find]")) event.stopPropagation(); });
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.target.matches("[data-find]") && step) {
      event.preventDefault();
      const all = boxes();
      choose(all[Math.min(Math.max(all.findIndex((box) => box.checked) + step, 0), all.length - 1)]);
    } else if (event.key === "Enter" && event.target.matches("input, select") && dialog.querySelector("[data-save]")) {
      event.preventDefault();
      dialog.querySelector("[data-save]").click();
    }
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === dialog) dialog.querySelector("[autofocus]")?.focus();
    if (event.detail.target.id === "roster") ready();
  });
  const ready = () => { if (grid()) grid().dataset.editable = "ready"; };
  ready();
})();
