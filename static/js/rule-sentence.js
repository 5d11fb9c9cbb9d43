"use strict";

// Draws the conditions as a sentence: each group a box, each condition a line of it.
(() => {
  const { ruleBuilder } = window;
  const { make, icon, editor, reshape } = ruleBuilder;

  const GROUPS = [["all", "all"], ["any", "at least one"], ["none", "none"]];
  const JOINTS = { all: "and", any: "or", none: "or" };
  const SPELLED = { "≠": "!=", "≤": "<=", "≥": ">=" };
  const TOOLS = [
    ["up", "arrow_upward", "Move up", "Alt+Shift+↑"],
    ["down", "arrow_downward", "Move down", "Alt+Shift+↓"],
    ["into", "format_indent_increase", "Move into the group beside it", "Alt+Shift+→"],
    ["out", "format_indent_decrease", "Move out of its group", "Alt+Shift+←"],
    ["wrap", "data_array", "Put into a group of its own", ""],
    ["copy", "content_copy", "Copy", ""],
  ];

  // `sentence(box, offered)` draws into the box. `offered` is the language, `address` where codes
  // are asked, `act(key, what)` does a tool's work, `change(redraw)` tells of a change.
  const sentence = ({ language, address, act, change }) => {
    const fields = new Map(language.groups.flatMap(([, offers]) => offers).map((one) => [one.name, one]));
    const fieldOf = (name) => fields.get(name)
      || { name, words: name, kind: String(name).startsWith(language.own) ? "text" : "", coded: false };

    const operatorsOf = (field) => language.operators[field.kind] || language.operators.text;
    const opOf = (leaf) => {
      const op = SPELLED[leaf.op] || leaf.op;
      return op === "exists" && leaf.value === false ? "exists-not" : op;
    };

    const option = (value, words, chosen) => {
      const made = make("option", { value }, words);
      made.selected = value === chosen;
      return made;
    };

    const fieldBox = (node, label) => {
      const name = String(node.leaf.field ?? "");
      const isOwn = name.startsWith(language.own);
      const select = make("select", { "data-part": "field", "aria-label": `${label}: field`, class: "cond-field" });
      if (!fields.has(name) && !isOwn) select.append(option(name, name ? `${name} (unknown)` : "choose…", name));
      for (const [group, offers] of language.groups) {
        select.append(make("optgroup", { label: group }, ...offers.map((one) => option(one.name, one.words, name))));
      }
      select.append(make("optgroup", { label: "Sender" }, option(language.own, "a sender’s own field…", isOwn ? language.own : "")));
      return select;
    };

    const ownBox = (node, label) => {
      const name = String(node.leaf.field ?? "");
      if (!name.startsWith(language.own)) return null;
      const own = make("input", { type: "text", class: "short", "data-part": "own", "aria-label": `${label}: name of the sender’s own field`, placeholder: "name", spellcheck: "false", autocomplete: "off" });
      own.value = name.slice(language.own.length);
      own.addEventListener("input", () => { node.leaf.field = language.own + own.value.trim(); change(); });
      return own;
    };

    const choose = (node, name) => {
      const was = fieldOf(node.leaf.field);
      const field = fieldOf(name);
      const isLike = was.kind === field.kind && !was.coded && !field.coded;
      const operators = operatorsOf(field).map(([op]) => op);
      node.leaf.field = name;
      if (!operators.includes(opOf(node.leaf))) node.leaf.op = operators[0];
      if (!isLike && node.leaf.op !== "exists") { delete node.leaf.value; node.kept = []; }
    };

    const operatorBox = (node, label) => {
      const field = fieldOf(node.leaf.field);
      const now = opOf(node.leaf);
      const select = make("select", { "data-part": "op", "aria-label": `${label}: how it is compared`, class: "cond-op" });
      const offered = operatorsOf(field);
      if (!offered.some(([op]) => op === now)) select.append(option(now, now ? `${now} (not for this field)` : "…", now));
      select.append(...offered.map(([op, words]) => option(op, words, now)));
      return select;
    };

    const compare = (node, op) => {
      const { value, kept } = reshape(node.leaf.value, node.kept, node.leaf.op, op.replace("-not", "") === "exists" ? "exists" : op);
      node.kept = kept;
      node.leaf.op = op.startsWith("exists") ? "exists" : op;
      node.leaf.value = op.startsWith("exists") ? op === "exists" : value;
      if (node.leaf.value === undefined) delete node.leaf.value;
    };

    const toolsOf = (node, label, can) => {
      const remove = make("button", { type: "button", class: "plain small", "data-part": "remove", "aria-label": `Remove ${label}`, title: "Remove (Alt+Shift+Delete)" }, icon("close"));
      remove.addEventListener("click", () => act(node.key, "remove"));
      const buttons = TOOLS.map(([what, sign, words, keys]) => {
        const button = make("button", { type: "button", class: "plain", disabled: !can(node.key, what) }, icon(sign), make("span", {}, words), keys ? make("kbd", {}, keys) : null);
        button.addEventListener("click", () => act(node.key, what));
        return button;
      });
      const more = make("details", { class: "menu cond-more" },
        make("summary", { "data-part": "more", "aria-label": `More for ${label}` }, icon("more_vert")), make("div", {}, ...buttons));
      return make("span", { class: "cond-tools" }, more, remove);
    };

    const valueBox = (node, label) => editor({
      field: fieldOf(node.leaf.field), address, op: SPELLED[node.leaf.op] || node.leaf.op, value: node.leaf.value,
      part: "value", label: `${label}: value`,
      changed: (said) => { if (said === undefined) delete node.leaf.value; else node.leaf.value = said; change(); },
    });

    // The list that is being used stays where it is, so that typing in it goes on: only what
    // follows from it is drawn anew.
    const sentenceOf = (node, label) => {
      const field = fieldBox(node, label);
      const said = make("span", { class: "cond-said" }, field);
      const redraw = (after, parts) => {
        while (after.nextSibling) after.nextSibling.remove();
        said.append(...parts.filter((one) => one !== null));
      };
      const compared = () => {
        const op = operatorBox(node, label);
        op.addEventListener("change", () => { compare(node, op.value); redraw(op, [valueBox(node, label)]); change(); });
        return op;
      };
      const drawRest = () => redraw(field, [ownBox(node, label), compared(), valueBox(node, label)]);
      field.addEventListener("change", () => { choose(node, field.value); drawRest(); change(); });
      drawRest();
      return said;
    };

    const leafBox = (node, label, can) => make("div", { class: "cond", role: "group", "aria-label": label, "data-node": node.key },
      sentenceOf(node, label), toolsOf(node, label, can), make("p", { class: "wrong", hidden: true }));

    const kindBox = (node, label) => {
      const select = make("select", { "data-part": "kind", "aria-label": `${label}: how many must hold`, class: "cond-kind" });
      select.append(...GROUPS.map(([kind, words]) => option(kind, words, node.kind)));
      select.addEventListener("change", () => {
        node.kind = select.value;
        const box = select.closest("[data-node]");
        box.dataset.kind = node.kind;
        for (const row of box.querySelectorAll(":scope > .cond-list > li + li")) row.dataset.joint = JOINTS[node.kind];
        change();
      });
      return select;
    };

    const adding = (node, depth, label) => {
      const condition = make("button", { type: "button", class: "plain small", "data-part": "add", "aria-label": `Add a condition to ${label}` }, icon("add"), "Condition");
      const group = make("button", { type: "button", class: "plain small", "data-part": "add-group", "aria-label": `Add a group to ${label}`, disabled: depth + 2 > language.depth }, icon("data_array"), "Group");
      condition.addEventListener("click", () => act(node.key, "add"));
      group.addEventListener("click", () => act(node.key, "add-group"));
      return make("div", { class: "cond-add" }, condition, group);
    };

    const groupBox = (node, depth, label, can) => {
      const isRoot = depth === 1;
      const head = make("div", { class: "cond-head" },
        make("span", {}, isRoot ? "When" : ""), kindBox(node, label), make("span", {}, "of these hold"),
        isRoot ? null : toolsOf(node, label, can));
      const prefix = isRoot ? "" : `${label.replace(/^Group /, "")}.`;
      const rows = node.members.map((one, at) => {
        const name = `${one.leaf ? "Condition" : "Group"} ${prefix}${at + 1}`;
        const drawn = one.leaf ? leafBox(one, name, can) : groupBox(one, depth + 1, name, can);
        return make("li", { "data-joint": at ? JOINTS[node.kind] : "" }, drawn);
      });
      const body = rows.length ? make("ol", { class: "cond-list" }, ...rows)
        : make("p", { class: "cond-none" }, isRoot && node.kind === "all" ? "Nothing is asked: it holds for every order." : "Nothing is asked here yet.");
      return make("div", { class: "cond-group", role: "group", "aria-label": label, "data-node": node.key, "data-kind": node.kind },
        head, make("p", { class: "wrong", hidden: true }), body, adding(node, depth, isRoot ? "the rule" : label));
    };

    return (root, can) => groupBox(root, 1, "Conditions", can);
  };

  // What a new condition asks for until somebody says otherwise.
  const first = (language) => {
    const [field] = language.groups[0][1];
    return { field: field.name, op: language.operators[field.kind][0][0] };
  };

  Object.assign(ruleBuilder, { sentence, first });
})();
