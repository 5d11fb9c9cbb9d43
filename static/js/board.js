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

  const fitChildren = (old, fresh) => {
    const known = new Map([...old.children].filter(keyOf).map((node) => [node.id, node]));
    const wanted = new Set([...fresh.children].map(keyOf));
    let place = old.firstChild;
    for (const node of [...fresh.childNodes]) {
      // What is gone steps aside, so that the rows below it are not taken for new ones.
      while (place && keyOf(place) && !wanted.has(place.id)) {
        const gone = place;
        place = place.nextSibling;
        gone.remove();
      }
      const here = keyOf(node) ? known.get(node.id) : place;
      if (here && isAlike(here, node)) {
        if (here === place) place = place.nextSibling;
        else old.insertBefore(here, place);
        fit(here, node);
      } else {
        old.insertBefore(node, place);
      }
    }
    while (place) {
      const gone = place;
      place = place.nextSibling;
      gone.remove();
    }
  };

  document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    if (!target.closest("#board")) return;
    event.detail.shouldSwap = false;
    fitChildren(target, fragment);
    htmx.process(target);
  });
})();
