"use strict";

// The sender editor: marks in the sample which fields the open fact is read from, and opens a fact
// at once, so that a field pressed right afterwards is meant for it.
(() => {
  const form = document.querySelector("form.mapping");
  if (!form) return;

  // A place that narrows to an OBX by its code means that OBX alone; any other its whole field.
  const bare = (text) => text.replace(/\s*\[(?!code ).*$/, "").trim();

  const mark = () => {
    const open = form.querySelector(".places-of");
    const texts = open ? [...open.querySelectorAll("input[id^=place-], .usual")] : [];
    const wanted = new Set(texts.map((one) => bare(one.value || one.textContent || "")));
    for (const button of form.querySelectorAll(".tree [data-place]")) {
      const isWanted = wanted.has(button.value) || wanted.has(button.dataset.place);
      button.toggleAttribute("data-wanted", isWanted);
    }
    const label = form.querySelector(".active-label");
    const active = form.querySelector(".fact[data-active] .fact-name span");
    if (label && active) label.textContent = active.textContent;
  };

  form.addEventListener("click", (event) => {
    const name = event.target.closest("button.fact-name");
    const active = form.querySelector("input[name=active]");
    if (name && active) active.value = name.value;
  });
  document.body.addEventListener("htmx:afterSettle", mark);
  mark();
})();
