"use strict";

// The board's parts are replaced while somebody reads, tabs through or points at them. So what
// arrives is fitted into what is there: rows and fields are known by their ids, whatever did not
// change stays the same element, with its focus, its selection and its open menu.
(() => {
  const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE && node.id) || "";

  // What the viewer opened belongs to the viewer.
  const isTheirs = (node, name) => node.nodeName === "DETAILS" && name === "open";

  const isAlike = (old, fresh) => old.nodeType === fresh.nodeType
    && old.nodeName === fresh.nodeName && keyOf(old) === keyOf(fresh);

  const fitAttributes = (old, fresh) => {
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !isTheirs(old, name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value && !isTheirs(old, name)) old.setAttribute(name, value);
    }
  };

  const fit = (old, fresh) => {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) {
      old.nodeValue = fresh.nodeValue;
      return;
    }
    fitAttributes(old, fresh);
    fitChildren(old, fresh);
  };

  const remove = (node) => {
    const next = node.nextSibling;
    node.remove();
    return next;
  };

  // A row that is wanted is never taken out and put back, which would cost it its focus: what
  // stands before it steps aside instead.
  const fitChildren = (old, fresh) => {
    const known = new Map([...old.children].filter(keyOf).map((node) => [node.id, node]));
    const wanted = new Set([...fresh.children].map(keyOf));
    const passed = new Set();
    let place = old.firstChild;
    for (const node of [...fresh.childNodes]) {
      const here = keyOf(node) ? known.get(node.id) : place;
      if (!here || !isAlike(here, node)) {
        old.insertBefore(node, place);
        continue;
      }
      if (passed.delete(here)) {
        old.insertBefore(here, place);
      } else {
        while (place !== here) {
          const isWanted = keyOf(place) && wanted.has(place.id);
          if (isWanted) passed.add(place);
          place = isWanted ? place.nextSibling : remove(place);
        }
        place = here.nextSibling;
      }
      fit(here, node);
    }
    while (place) place = remove(place);
    for (const node of passed) node.remove();
  };

  document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    if (!target.closest("#board")) return;
    event.detail.shouldSwap = false;
    fitChildren(target, fragment);
    htmx.process(target);
  });
})();
