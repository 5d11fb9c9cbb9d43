"use strict";

// Who takes turns: places that are moved by drag or by their buttons, added and removed. Each is a
// select of the same name, so the order of the page is the order that is sent.
(() => {
  const told = (field) => field.dispatchEvent(new Event("change", { bubbles: true }));

  const add = (field, value) => {
    const place = field.querySelector("template").content.firstElementChild.cloneNode(true);
    field.querySelector(".turn-list").append(place);
    ready(place);
    const select = place.querySelector("select");
    select.value = value;
    if (value) told(field);
    select.focus();
  };

  const ready = (place) => {
    place.querySelector(".turn-grip").hidden = false;
    place.querySelector(".turn-moves").hidden = false;
  };

  const move = (place, step) => {
    const other = step < 0 ? place.previousElementSibling : place.nextElementSibling;
    if (!other) return;
    if (step < 0) other.before(place);
    else other.after(place);
  };

  for (const field of document.querySelectorAll("[data-turns]")) {
    const list = field.querySelector(".turn-list");
    for (const spare of list.querySelectorAll("[data-spare]")) spare.remove();
    for (const place of list.children) ready(place);
    for (const button of field.querySelectorAll("[data-add-turn]")) {
      button.hidden = false;
      button.addEventListener("click", () => add(field, button.dataset.addTurn));
    }
    if (!list.children.length) add(field, "");
    list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      const place = event.target.closest(".turn-place");
      if (!button || !place) return;
      if (button.dataset.move) {
        move(place, Number(button.dataset.move));
        button.focus();
      } else {
        place.remove();
      }
      told(field);
    });
    if (window.Sortable) {
      new window.Sortable(list, {
        handle: ".turn-grip",
        animation: 120,
        ghostClass: "is-dragged",
        chosenClass: "is-chosen",
        onEnd: (event) => { if (event.oldIndex !== event.newIndex) told(field); },
      });
    }
  }
})();
