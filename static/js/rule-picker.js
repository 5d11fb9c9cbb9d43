"use strict";

// A box in which codes are picked: real ones are offered while one types, what is picked stands
// before it and can be taken out again. What nobody knows is kept, and marked.
(() => {
  const { ruleBuilder } = window;
  let boxes = 0;

  // Make an element; text goes in as text, never as HTML.
  const make = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === true) made.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
    }
    made.append(...children.filter((one) => one !== null && one !== undefined));
    return made;
  };
  const icon = (name) => make("i", { "aria-hidden": "true" }, name);

  // The codes of a field, asked once where they are few and by what is typed where they are many.
  const books = new Map();
  const bookOf = (address, field) => {
    if (books.has(field)) return books.get(field);
    const answers = new Map();
    const ask = (more) => {
      const wanted = new URLSearchParams([["field", field], ...more]).toString();
      if (!answers.has(wanted)) {
        const answer = fetch(`${address}?${wanted}`, { headers: { Accept: "application/json" } })
          .then((response) => (response.ok ? response.json() : null)).catch(() => null);
        answers.set(wanted, answer);
        answer.then((said) => { if (!said) answers.delete(wanted); });
      }
      return answers.get(wanted);
    };
    // What begins with the words goes before what only holds them.
    const rankOf = (words) => ([code, name]) => {
      const [wanted, short, long] = [words, code, name].map((one) => one.toLowerCase());
      if (short === wanted) return 0;
      if (short.startsWith(wanted)) return 1;
      if (` ${long}`.includes(` ${wanted}`)) return 2;
      return `${short} ${long}`.includes(wanted) ? 3 : 4;
    };
    const ranked = (codes, words) => {
      if (!words) return codes;
      const rank = rankOf(words);
      return [0, 1, 2, 3].flatMap((place) => codes.filter((one) => rank(one) === place));
    };
    const book = {
      find: async (words) => {
        const every = await ask([]);
        if (!every) return [];
        const found = words && !every.whole ? await ask([["q", words]]) : every;
        return found ? ranked(found.codes, words) : [];
      },
      // What each code stands for; null where that could not be found out.
      names: async (codes) => {
        const every = await ask([]);
        if (!every) return null;
        let known = every.codes;
        if (!every.whole && codes.length) {
          const said = await ask(codes.slice(0, 100).map((code) => ["code", code]));
          if (!said) return null;
          known = said.codes;
        }
        return { closed: every.closed, of: new Map(known.map(([code, name]) => [code.toLowerCase(), [code, name]])) };
      },
    };
    books.set(field, book);
    return book;
  };

  const chipOf = (value, label, remove) => {
    const button = make("button", { type: "button", class: "plain", "aria-label": `Take out ${value}` }, icon("close"));
    button.addEventListener("click", remove);
    return make("span", { class: "chip", "data-code": value },
      make("span", { class: "chip-code" }, String(value)), make("span", { class: "chip-name" }), button);
  };

  const mark = (chips, names) => {
    for (const chip of names ? chips.querySelectorAll(".chip") : []) {
      const found = names.of.get(chip.dataset.code.toLowerCase());
      const isMissing = !found && names.closed;
      chip.toggleAttribute("data-unknown", isMissing);
      chip.querySelector(".chip-name").textContent = isMissing ? "unknown" : (found ? found[1] : "");
    }
  };

  // Return the box. `values` are what is picked, `book` the codes or null for free text,
  // `single` for one at most; `read` makes a value of what is typed; `changed` gets them all.
  const picker = ({ values, book, single, label, part, read, changed }) => {
    const id = `picker-${(boxes += 1)}`;
    let picked = [...values];
    let offered = [];
    let active = -1;
    let asked = 0;
    let shownFor = "";
    const chips = make("span", { class: "chips" });
    const list = make("ul", { class: "offers", id, role: "listbox", "aria-label": `${label}, codes`, hidden: true });
    const input = make("input", {
      type: "text", "data-part": part, "aria-label": label, autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      ...(book ? { role: "combobox", "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list" } : {}),
    });
    const box = make("span", { class: "picker" }, chips, input, list);

    const show = () => {
      chips.replaceChildren(...picked.map((value, at) => chipOf(value, label, () => { take(at); input.focus(); })));
      input.placeholder = picked.length ? "" : (book ? "Type to find" : "Type, then Enter");
      if (book && picked.length) book.names(picked.map(String)).then((names) => mark(chips, names));
    };
    const take = (at) => { picked = picked.filter((_, place) => place !== at); show(); changed(picked); };
    const add = (said) => {
      const known = offered.find(([code]) => code.toLowerCase() === String(said).toLowerCase());
      const value = read(known ? known[0] : said);
      input.value = "";
      close();
      if (!single && picked.includes(value)) return;
      picked = single ? [value] : [...picked, value];
      show();
      changed(picked);
    };

    const close = () => {
      list.hidden = true;
      active = -1;
      if (book) input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const point = (at) => {
      active = at;
      [...list.children].forEach((one, place) => one.setAttribute("aria-selected", place === at ? "true" : "false"));
      const chosen = list.children[at];
      if (!chosen) { input.removeAttribute("aria-activedescendant"); return; }
      input.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    };
    const open = async () => {
      if (!book) return;
      const turn = (asked += 1);
      const words = input.value.trim();
      const found = await book.find(words);
      if (turn !== asked || document.activeElement !== input) return;
      shownFor = words;
      const has = new Set(picked.map((one) => String(one).toLowerCase()));
      offered = found.filter(([code]) => !has.has(code.toLowerCase())).slice(0, 60);
      list.replaceChildren(...offered.map(([code, name], at) => make("li",
        { role: "option", id: `${id}-${at}`, "aria-selected": "false", "data-code": code },
        make("span", { class: "code" }, code), " ", name)));
      list.hidden = !offered.length;
      input.setAttribute("aria-expanded", list.hidden ? "false" : "true");
      point(input.value.trim() && offered.length ? 0 : -1);
    };

    const press = {
      ArrowDown: () => (list.hidden ? open() : point((active + 1) % offered.length)),
      ArrowUp: () => (list.hidden ? open() : point((active - 1 + offered.length) % offered.length)),
      Enter: async () => {
        const said = input.value.trim();
        // Who types fast means what they typed, not what was offered a moment ago.
        if (book && said && shownFor !== said) await open();
        if (input.value.trim() !== said) return;
        if (!list.hidden && active >= 0) add(offered[active][0]);
        else if (said) add(said);
      },
    };
    input.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === "Escape" && !list.hidden) { event.stopPropagation(); close(); }
      else if (event.key === "Backspace" && !input.value && picked.length) { event.preventDefault(); take(picked.length - 1); }
      else if (press[event.key]) { event.preventDefault(); press[event.key](); }
    });
    input.addEventListener("input", () => { open(); });
    input.addEventListener("focus", () => { open(); });
    input.addEventListener("click", () => { if (list.hidden) open(); });
    // What was typed and not picked is kept as it is.
    input.addEventListener("blur", () => { asked += 1; const said = input.value.trim(); close(); if (said) add(said); });
    input.addEventListener("paste", (event) => {
      const several = event.clipboardData.getData("text").split(/[\n\r\t;]+/).map((one) => one.trim()).filter(Boolean);
      if (single || several.length < 2) return;
      event.preventDefault();
      several.forEach(add);
    });
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) { add(option.dataset.code); if (!single) open(); }
    });
    show();
    return box;
  };

  Object.assign(ruleBuilder, { make, icon, picker, bookOf });
})();
