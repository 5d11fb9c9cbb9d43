"use strict";

// Rows of a form: more of them, and one less. Without this there are spare rows and a box to tick.
(() => {
  const add = (field) => {
    const count = field.querySelector("input[name$='-count']");
    const holder = document.createElement("ol");
    holder.innerHTML = field.querySelector("template").innerHTML.replaceAll("__n__", count.value);
    const row = holder.firstElementChild;
    field.querySelector(".row-list").append(row);
    count.value = Number(count.value) + 1;
    row.querySelector("input:not([type=hidden]), select").focus();
  };

  for (const field of document.querySelectorAll("[data-rows]")) {
    for (const spare of field.querySelectorAll("[data-spare]")) spare.remove();
    const button = field.querySelector("[data-add-row]");
    button.hidden = false;
    button.addEventListener("click", () => add(field));
    field.addEventListener("change", (event) => {
      if (!event.target.matches(".row-remove input")) return;
      event.target.closest(".row-item").toggleAttribute("data-removed", event.target.checked);
    });
  }

  // A preview names a chosen file; the file itself is sent once, with Save.
  document.body.addEventListener("htmx:configRequest", (event) => {
    if (!event.target.matches("form.editor")) return;
    const said = event.detail.formData;
    for (const [name, value] of [...said]) {
      if (value instanceof File) said.set(name, value.name);
    }
  });

  // A long list of boxes gets a field that narrows it to those that match or are ticked.
  const LONG = 8;
  for (const list of document.querySelectorAll("div.choices")) {
    const choices = [...list.children];
    if (choices.length <= LONG) continue;
    const find = document.createElement("input");
    find.type = "search";
    find.placeholder = `Find among ${choices.length}`;
    find.setAttribute("aria-label", `Find among ${choices.length}`);
    find.className = "choices-find";
    list.before(find);
    const narrow = (event) => {
      event.stopPropagation();
      const words = find.value.trim().toLowerCase();
      for (const choice of choices) {
        const matches = choice.textContent.toLowerCase().includes(words);
        choice.hidden = !matches && !choice.querySelector("input").checked;
      }
    };
    find.addEventListener("input", narrow);
    find.addEventListener("change", (event) => event.stopPropagation());
    find.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  }

  // What every site makes needless is dimmed.
  const every = document.querySelector("input[name=all_sites]");
  const sites = document.querySelector("input[name=sites]")?.closest("fieldset");
  if (every && sites) {
    const show = () => { sites.disabled = every.checked; };
    every.addEventListener("change", show);
    show();
  }
})();
