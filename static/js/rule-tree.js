"use strict";

// The conditions of a rule as the builder holds them: groups of conditions and further groups.
// A node is {key, path} with either a leaf (field, op, value) or a kind (all, any, none) and its
// members. Nothing here touches the page.
window.ruleBuilder = window.ruleBuilder || {};

(() => {
  const KINDS = ["all", "any", "none"];
  const DEEPEST_READ = 40;
  let keys = 0;

  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const group = (kind, members = []) => ({ key: `n${(keys += 1)}`, path: "", kind, members });
  const leaf = (said) => ({ key: `n${(keys += 1)}`, path: "", leaf: said });

  // Return the nodes of a JSON value, null for one that only the JSON view can show.
  const read = (value, path = "$", depth = 1) => {
    if (!isObject(value) || depth > DEEPEST_READ) return null;
    if ("field" in value) return { ...leaf({ ...value }), path };
    const names = Object.keys(value);
    if (names.some((name) => !KINDS.includes(name) || !Array.isArray(value[name]))) return null;
    const groups = names.map((name) => {
      const members = value[name].map((one, at) => read(one, `${path}.${name}[${at}]`, depth + 1));
      return { ...group(name, members), path };
    });
    if (groups.some((one) => one.members.includes(null))) return null;
    // Several groups in one object must all hold.
    return groups.length === 1 ? groups[0] : { ...group("all", groups), path };
  };

  const readRoot = (value) => {
    const root = read(value);
    return root && root.leaf ? { ...group("all", [root]), path: "" } : root;
  };

  // Return what is stored: one condition a line, as the server writes it.
  const line = (value) => {
    if (Array.isArray(value)) return `[${value.map(line).join(", ")}]`;
    if (!isObject(value)) return JSON.stringify(value);
    const said = Object.entries(value).filter(([, one]) => one !== undefined);
    return `{${said.map(([name, one]) => `${JSON.stringify(name)}: ${line(one)}`).join(", ")}}`;
  };

  const text = (node, indent = "") => {
    if (node.leaf) {
      const { field, op, value, ...more } = node.leaf;
      return line({ field, op, value, ...more });
    }
    if (!node.members.length) return indent || node.kind !== "all" ? `{"${node.kind}": []}` : "{}";
    const inner = `${indent}    `;
    const lines = node.members.map((one) => inner + text(one, inner));
    return `{\n${indent}  "${node.kind}": [\n${lines.join(",\n")}\n${indent}  ]\n${indent}}`;
  };

  // Write each node's path in what is stored, by which the server names a place.
  const number = (node, path = "$") => {
    node.path = path;
    (node.members || []).forEach((one, at) => number(one, `${path}.${node.kind}[${at}]`));
  };

  const find = (node, key, parent = null, depth = 1) => {
    if (node.key === key) return { node, parent, depth, at: parent ? parent.members.indexOf(node) : 0 };
    for (const one of node.members || []) {
      const found = find(one, key, node, depth + 1);
      if (found) return found;
    }
    return null;
  };

  const all = (node) => [node, ...(node.members || []).flatMap(all)];
  const height = (node) => 1 + Math.max(0, ...(node.members || []).map(height));

  // Each of these changes the tree and returns the node that has the focus then, or null where
  // it cannot be done.
  const moves = {
    up: (root, { node, parent, at }) => (at > 0 ? place(node, parent, at - 1) : null),
    down: (root, { node, parent, at }) =>
      (parent && at < parent.members.length - 1 ? place(node, parent, at + 1) : null),
    out: (root, { node, parent }) => {
      const above = parent && find(root, parent.key);
      return above && above.parent ? place(node, above.parent, above.at + 1, parent) : null;
    },
    into: (root, { node, parent, at }, deepest) => {
      if (!parent) return null;
      const beside = [parent.members[at + 1], parent.members[at - 1]].find((one) => one && one.kind);
      if (!beside || find(root, beside.key).depth + height(node) > deepest) return null;
      return place(node, beside, beside === parent.members[at + 1] ? 0 : beside.members.length, parent);
    },
    wrap: (root, { node, parent, at, depth }, deepest) => {
      if (!parent || depth + height(node) > deepest) return null;
      parent.members[at] = group("any", [node]);
      return node;
    },
    copy: (root, { node, parent, at }) => {
      if (!parent) return null;
      const copied = read(JSON.parse(text(node)));
      parent.members.splice(at + 1, 0, copied);
      return copied;
    },
    remove: (root, { parent, at }) => {
      if (!parent) return null;
      parent.members.splice(at, 1);
      return parent.members[at] || parent.members[at - 1] || parent;
    },
  };

  const place = (node, target, at, from = target) => {
    from.members.splice(from.members.indexOf(node), 1);
    target.members.splice(at, 0, node);
    return node;
  };

  window.ruleBuilder.tree = { KINDS, group, leaf, readRoot, text, number, find, all, height, moves };
})();
