"use strict";

// The builder of a rule's conditions: a sentence to click and type, beside the JSON of experts.
// The box with the JSON is what is sent; each change here is written into it, and what is typed
// into it shows here as soon as it can be read. Without this script the box is the editor.
(() => {
  const holder = document.querySelector("[data-builder]");
  if (!holder) return;
  const { tree, sentence, first } = window.ruleBuilder;
  const language = JSON.parse(document.getElementById("rule-language").textContent);
  const box = holder.querySelector("textarea");
  const canvas = holder.querySelector("[data-canvas]");
  const said = document.getElementById("conditions-said");
  const spoken = holder.querySelector("[data-spoken]");
  const tabs = [...holder.querySelectorAll("[role=tab]")];
  const undoButton = holder.querySelector("[data-undo]");

  let root = null;
  const past = [];
  const future = [];
  let burst = "";

  const parse = (text) => {
    if (!text.trim()) return tree.readRoot({});
    try { return tree.readRoot(JSON.parse(text)); } catch { return null; }
  };

  // Undo: what was, before each change; letters typed into one box are one change.
  const remember = (what) => {
    if (what && what === burst) return;
    burst = what;
    past.push(box.value);
    if (past.length > 200) past.shift();
    future.length = 0;
  };
  const go = (from, to) => {
    if (!from.length) return;
    to.push(box.value);
    burst = "";
    const at = where();
    box.value = from.pop();
    root = parse(box.value) || root;
    tell();
    draw(at);
    spoken.textContent = from === past ? "Undone." : "Done again.";
  };

  const tell = () => {
    undoButton.disabled = !past.length;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const write = (what) => {
    remember(what);
    box.value = tree.text(root);
    tree.number(root);
    tell();
  };

  // The focus stays where it was: at the same part of the same condition.
  const where = () => {
    const now = document.activeElement;
    const element = canvas.contains(now) && now.closest("[data-node]");
    if (!element) return null;
    const found = tree.find(root, element.dataset.node);
    return { key: element.dataset.node, path: found ? found.node.path : "", part: now.dataset.part || "field" };
  };
  const partOf = ({ key, path, part }) => {
    const node = tree.all(root).find((one) => one.key === key) || tree.all(root).find((one) => one.path === path);
    const element = node && canvas.querySelector(`[data-node="${node.key}"]`);
    if (!element) return canvas.querySelector("[data-part]");
    const own = (one) => one.closest("[data-node]") === element;
    return [...element.querySelectorAll(`[data-part="${part}"]`)].find(own) || [...element.querySelectorAll("[data-part]")].find(own);
  };
  const can = (key, what) => {
    const found = tree.find(root, key);
    const { node, parent, at, depth } = found;
    if (!parent) return false;
    const deepest = language.depth;
    const beside = [parent.members[at + 1], parent.members[at - 1]].some((one) => one && one.kind && depth + 1 + tree.height(node) - 1 <= deepest);
    return {
      up: at > 0,
      down: at < parent.members.length - 1,
      out: parent !== root,
      into: beside,
      wrap: depth + tree.height(node) <= deepest,
    }[what] ?? true;
  };
  const draw = (to = where()) => {
    canvas.replaceChildren(drawn(root, can));
    mark();
    if (to) partOf(to).focus();
  };

  const added = {
    add: () => tree.leaf(first(language)),
    "add-group": (group) => tree.group(group.kind === "any" ? "all" : "any", [tree.leaf(first(language))]),
  };
  const DONE = { up: "Moved up.", down: "Moved down.", into: "Moved into the group.", out: "Moved out.", wrap: "Put into a group.", copy: "Copied.", remove: "Removed.", add: "Condition added.", "add-group": "Group added." };
  const act = (key, what) => {
    const found = tree.find(root, key);
    if (!found) return;
    if (!added[what] && !can(key, what)) { spoken.textContent = "It cannot go there."; return; }
    let to = null;
    if (added[what]) {
      to = added[what](found.node);
      found.node.members.push(to);
      if (to.kind) [to] = to.members;
    } else {
      to = tree.moves[what](root, found, language.depth);
    }
    if (!to) { spoken.textContent = "It cannot go there."; return; }
    burst = "";
    write("");
    draw({ key: to.key, part: what === "remove" ? "remove" : (to.leaf ? "field" : "kind") });
    spoken.textContent = DONE[what];
  };
  const change = () => {
    const at = where();
    write(at ? at.key + at.part : "");
  };
  const drawn = sentence({ language, address: holder.dataset.codes, act, change });

  // The server's verdict, put to the condition that it is about.
  const mark = () => {
    for (const one of canvas.querySelectorAll(".wrong")) { one.hidden = true; one.textContent = ""; }
    for (const one of canvas.querySelectorAll("[data-invalid]")) one.removeAttribute("data-invalid");
    if (!root) return;
    for (const problem of said.querySelectorAll("[data-path]")) {
      const path = problem.dataset.path;
      const nodes = tree.all(root).filter((node) => node.path && (path === node.path || path.startsWith(`${node.path}.`) || path.startsWith(`${node.path}[`)));
      const node = nodes.sort((one, other) => other.path.length - one.path.length)[0];
      const drawnNode = node && canvas.querySelector(`[data-node="${node.key}"]`);
      // What somebody is just about to choose is not wrong yet.
      const isUnderway = problem.dataset.message.endsWith("is missing") && drawnNode && drawnNode.contains(document.activeElement);
      if (!drawnNode || isUnderway) continue;
      const wrong = [...drawnNode.children].find((one) => one.matches(".wrong"));
      drawnNode.toggleAttribute("data-invalid", true);
      wrong.hidden = false;
      wrong.textContent = [wrong.textContent, problem.dataset.words].filter(Boolean).join("; ");
    }
  };
  document.body.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target === said) mark(); });

  // Two views of the same; what cannot be read keeps the JSON open.
  const show = (name, focus) => {
    if (name === "builder") {
      const found = parse(box.value);
      if (!found) {
        spoken.textContent = "The JSON cannot be shown as a sentence yet: see what is wrong below it.";
        holder.toggleAttribute("data-unreadable", true);
        name = "json";
        focus = box;
      } else {
        root = found;
        holder.removeAttribute("data-unreadable");
        draw();
      }
    }
    holder.dataset.view = name;
    for (const tab of tabs) {
      const isShown = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isShown;
    }
    if (focus) (focus === true ? tabs.find((tab) => tab.dataset.tab === name) : focus).focus();
  };
  for (const tab of tabs) {
    tab.addEventListener("click", () => show(tab.dataset.tab, true));
    tab.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      event.preventDefault();
      show(tabs[(tabs.indexOf(tab) + 1) % tabs.length].dataset.tab, true);
    });
  }
  box.addEventListener("input", (event) => {
    // Typed by hand, it is the truth from now on.
    if (!event.isTrusted) return;
    const found = parse(box.value);
    holder.toggleAttribute("data-unreadable", !found);
    if (found) root = found;
  });
  box.addEventListener("focus", () => { if (holder.dataset.view === "json") remember(`json${past.length}`); });

  const KEYS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "out", ArrowRight: "into", Delete: "remove", Backspace: "remove", Enter: "add" };
  canvas.addEventListener("keydown", (event) => {
    const node = event.target.closest("[data-node]");
    // A word that is being typed is taken back by the browser.
    const isTyping = event.target.value && event.target.closest(".picker");
    const isUndo = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.altKey && !isTyping;
    if (isUndo) {
      event.preventDefault();
      if (event.shiftKey) go(future, past); else go(past, future);
    } else if (event.altKey && event.shiftKey && KEYS[event.key] && node) {
      event.preventDefault();
      event.stopPropagation();
      const what = KEYS[event.key];
      const found = tree.find(root, node.dataset.node);
      const group = found.node.leaf ? found.parent : found.node;
      act(what === "add" ? group.key : found.node.key, what);
    } else if (event.key === "Enter" && event.target.matches("input")) {
      // Enter says that a value is meant; the form is sent by its own button.
      event.preventDefault();
    }
  });
  // What is pressed in the boxes is told by the box with the JSON, once.
  for (const name of ["input", "change"]) canvas.addEventListener(name, (event) => event.stopPropagation());
  undoButton.addEventListener("click", () => go(past, future));

  holder.querySelector(".builder-bar").hidden = false;
  undoButton.disabled = true;
  show("builder", null);
})();
