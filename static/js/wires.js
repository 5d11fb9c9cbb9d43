"use strict";

// A field of the tree lights up in the text beside it, and the other way round. Without this a
// field's link still leads to its place.
(() => {
  const light = (root, at, pane) => {
    for (const lit of root.querySelectorAll(".lit")) lit.classList.remove("lit");
    if (!at) return;
    const found = root.querySelectorAll(`[data-at="${CSS.escape(at)}"]`);
    for (const one of found) one.classList.add("lit");
    const other = [...found].find((one) => !pane.contains(one));
    if (other) reveal(other);
  };

  // Only the pane scrolls: the page stays where the pointer is.
  const reveal = (one) => {
    const pane = one.closest(".raw, .tree");
    const box = pane.getBoundingClientRect();
    const place = one.getBoundingClientRect();
    if (place.top < box.top || place.bottom > box.bottom) {
      pane.scrollTop += place.top - box.top - box.height / 3;
    }
  };

  for (const root of document.querySelectorAll("[data-lights]")) {
    let last = "";
    const look = (event) => {
      const node = event.target.closest("[data-at]");
      const at = node ? node.dataset.at : "";
      if (at === last) return;
      last = at;
      light(root, at, event.target.closest(".raw, .tree") || root);
    };
    root.addEventListener("pointerover", look);
    root.addEventListener("focusin", look);
    root.addEventListener("pointerleave", () => { last = ""; light(root, ""); });
  }
})();

// Every box at once, where several messages are run again together.
(() => {
  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-check-all]");
    if (!all) return;
    for (const box of document.querySelectorAll(`input[name="${CSS.escape(all.dataset.checkAll)}"]`)) {
      box.checked = all.checked;
    }
  });
})();
