"use strict";

// The value of one condition: a box that fits the field's type and the operator.
(() => {
  const { ruleBuilder } = window;
  const { make, picker, bookOf } = ruleBuilder;

  const DAYS = [["MON", "Mon"], ["TUE", "Tue"], ["WED", "Wed"], ["THU", "Thu"], ["FRI", "Fri"], ["SAT", "Sat"], ["SUN", "Sun"]];
  const dayOf = (value) => (Number.isInteger(value) ? (DAYS[value - 1] || [""])[0] : String(value ?? "").toUpperCase());

  const SHAPES = { in: "many", "not-in": "many", between: "pair", exists: "none" };
  const shapeOf = (op) => SHAPES[op] || "one";

  // Return the list that a value is or stands for; null where the operator cannot have it.
  const listOf = (value, shape) => {
    if (value === undefined) return [];
    if (Array.isArray(value)) return shape === "one" ? null : value;
    return shape === "one" ? [value] : null;
  };

  // What is typed as it is stored; what is no number stays as it was typed, and is refused there.
  const readers = {
    number: (said) => { const number = Number(said.replace(",", ".")); return said.trim() && Number.isFinite(number) ? number : said; },
  };
  const readerOf = (kind) => (said) => (typeof said === "string" && readers[kind] ? readers[kind](said) : said);

  const pad = (number) => String(number).padStart(2, "0");
  const moments = {
    // Both are on the clock of the browser: what is stored has its offset.
    show: (value) => {
      const at = new Date(value);
      if (Number.isNaN(at.getTime())) return "";
      return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
    },
    read: (said) => {
      const at = new Date(said);
      if (Number.isNaN(at.getTime())) return said;
      const ahead = -at.getTimezoneOffset();
      const offset = `${ahead < 0 ? "-" : "+"}${pad(Math.floor(Math.abs(ahead) / 60))}:${pad(Math.abs(ahead) % 60)}`;
      return `${said}:00${offset}`;
    },
  };

  const TYPES = { time: { type: "time" }, date: { type: "date" }, moment: { type: "datetime-local" }, number: { inputmode: "decimal", size: "8" } };

  const typed = ({ kind, op, value, label, part, changed }) => {
    const input = make("input", {
      type: "text", ...(TYPES[kind] || {}), "aria-label": label, "data-part": part, autocomplete: "off", spellcheck: "false",
      class: op === "matches" ? "code" : (TYPES[kind] ? "short" : "wide"),
      ...(op === "matches" ? { placeholder: "a pattern such as ^CT" } : {}),
    });
    input.value = kind === "moment" ? moments.show(value) : (value ?? "");
    input.addEventListener("input", () => {
      const said = input.value;
      if (said === "") changed(undefined);
      else changed(kind === "moment" ? moments.read(said) : readerOf(kind)(said));
    });
    return input;
  };

  const chosen = ({ options, value, label, part, changed }) => {
    const select = make("select", { "aria-label": label, "data-part": part });
    const said = value === undefined ? "" : String(value);
    const known = options.some(([code]) => code === said);
    if (!known) select.append(make("option", { value: said }, said || "…"));
    select.append(...options.map(([code, name]) => make("option", { value: code }, name)));
    select.value = said;
    select.addEventListener("change", () => changed(select.value));
    return select;
  };

  const yesOrNo = (asked) => chosen({
    ...asked,
    options: [["true", "yes"], ["false", "no"]],
    changed: (said) => asked.changed(said === "true"),
  });

  const days = ({ values, label, part, changed }) => {
    const ticked = new Set(values.map(dayOf));
    const others = values.filter((value) => !DAYS.some(([code]) => code === dayOf(value)));
    const box = make("span", { class: "days", role: "group", "aria-label": label });
    DAYS.forEach(([code, name], at) => {
      const input = make("input", { type: "checkbox", "data-part": at ? `${part}-${code}` : part });
      input.checked = ticked.has(code);
      input.addEventListener("change", () => {
        if (input.checked) ticked.add(code); else ticked.delete(code);
        changed([...DAYS.map(([day]) => day).filter((day) => ticked.has(day)), ...others]);
      });
      box.append(make("label", {}, input, " ", name));
    });
    return box;
  };

  // One box for one value.
  const one = (asked) => {
    const { field, op, value } = asked;
    if (field.kind === "boolean") return yesOrNo(asked);
    if (field.kind === "weekday") return chosen({ ...asked, value: value === undefined ? undefined : dayOf(value), options: DAYS });
    if (field.coded && (op === "=" || op === "!=")) {
      return picker({
        ...asked, book: bookOf(asked.address, field.name), single: true,
        values: value === undefined ? [] : [value],
        read: readerOf(field.kind), changed: (picked) => asked.changed(picked[0]),
      });
    }
    return typed({ ...asked, kind: field.kind });
  };

  const pair = (asked, values) => {
    const both = [values[0], values[1]];
    const half = (at, name) => one({
      ...asked, op: "between", value: both[at], label: `${asked.label}, ${name}`, part: at ? `${asked.part}-to` : asked.part,
      changed: (value) => { both[at] = value; asked.changed(both.every((said) => said === undefined) ? undefined : both.filter((said) => said !== undefined)); },
    });
    return make("span", { class: "pair" }, half(0, "from"), make("span", { class: "joint" }, "and"), half(1, "to"));
  };

  // Return the value's boxes; null for an operator that asks for none.
  const editor = (asked) => {
    const { field, op, value } = asked;
    const shape = shapeOf(op);
    if (shape === "none") return null;
    const values = listOf(value, shape);
    if (values === null || (shape === "pair" && values.length > 2) || values.some((said) => said !== null && typeof said === "object")) {
      return make("span", { class: "as-it-is" }, make("span", { class: "code" }, JSON.stringify(value)), " is changed in the JSON view");
    }
    if (shape === "pair") return pair(asked, values);
    if (shape === "one") return one({ ...asked, value: values[0] });
    if (field.kind === "weekday") return days({ ...asked, values, changed: (said) => asked.changed(said) });
    return picker({
      ...asked, values, single: false, read: readerOf(field.kind),
      book: field.coded ? bookOf(asked.address, field.name) : null,
      changed: (picked) => asked.changed(picked.length ? picked : undefined),
    });
  };

  // Return a value as another operator wants it; what does not fit is remembered beside it.
  const reshape = (said, kept, from, op) => {
    const shape = shapeOf(op);
    const was = from === "exists" ? undefined : said;
    const list = Array.isArray(was) ? was : (was === undefined ? [] : [was]);
    const full = list.length >= (kept || []).length ? list : [...list, ...kept.slice(list.length)];
    const value = { none: undefined, one: full[0], many: full.length ? full : undefined, pair: full.length ? full.slice(0, 2) : undefined }[shape];
    return { value, kept: full };
  };

  Object.assign(ruleBuilder, { editor, shapeOf, reshape });
})();
