"use strict";

// The colour scheme: the system's, unless chosen here. It is a cookie, so that the server writes
// it into the page and nothing flashes.
(() => {
  const order = ["system", "light", "dark"];
  const root = document.documentElement;

  const current = () => root.dataset.theme || "system";

  const choose = (theme) => {
    if (theme === "system") {
      delete root.dataset.theme;
    } else {
      root.dataset.theme = theme;
    }
    const seconds = theme === "system" ? 0 : 31536000;
    document.cookie = `theme=${theme}; path=/; max-age=${seconds}; samesite=lax`;
  };

  for (const button of document.querySelectorAll("[data-theme-button]")) {
    const name = button.querySelector("[data-theme-name]");
    const show = () => { name.textContent = `Colours: ${current()}`; };
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      choose(order[(order.indexOf(current()) + 1) % order.length]);
      show();
    });
  }
})();

// A request that a newer one replaces is given up on purpose: it ends like an answer that nobody
// looks at, not as a failure.
const givenUp = new WeakSet();
document.body.addEventListener("htmx:beforeSend", (event) => {
  const xhr = event.detail.xhr;
  xhr.onabort = () => { givenUp.add(xhr); xhr.onload(); };
});
document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  if (givenUp.has(event.detail.xhr)) event.preventDefault();
});

// A live page says when it is no longer live: old figures that look fresh are worse than none.
(() => {
  const live = document.getElementById("live");
  if (!live) return;
  const icon = live.querySelector("i");
  const words = live.querySelector("span");
  const since = live.querySelector("small");
  let last = Date.now();

  const show = (isLive) => {
    if (isLive) last = Date.now();
    const seconds = Math.round((Date.now() - last) / 1000);
    live.dataset.state = isLive ? "live" : "stale";
    icon.textContent = isLive ? "sensors" : "sensors_off";
    // Only a change of this word is read out; the seconds beside it are for the eye.
    const word = isLive ? "Live" : "Not updated";
    if (words.textContent !== word) words.textContent = word;
    since.textContent = isLive ? "" : ` for ${seconds} s`;
  };

  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (!givenUp.has(event.detail.xhr)) show(event.detail.successful);
  });
})();

// A part that is loaded into the dialog opens it; whatever it did, the page behind is told.
(() => {
  const dialog = document.getElementById("dialog");
  if (!dialog) return;
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== dialog) return;
    if (!dialog.textContent.trim()) { dialog.close(); return; }
    if (!dialog.open) dialog.showModal();
  });
  document.body.addEventListener("close-dialog", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close-dialog]")) {
      event.preventDefault();
      dialog.close();
    }
  });
})();

// One menu is open at a time, and Escape or a click elsewhere closes it.
(() => {
  const close = (but) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu !== but) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => close(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(null); });
})();

// Keys: an element with data-key is pressed, or a field with it is entered, by that key.
// Typing is never disturbed, nor are the browser's own combinations.
(() => {
  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    // A key held down is pressed once.
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    const dialog = document.querySelector("dialog[open]");
    const root = dialog || document;
    const found = [...root.querySelectorAll(`[data-key="${CSS.escape(event.key)}"]`)]
      .find((one) => !one.disabled && one.offsetParent !== null);
    if (!found) return;
    event.preventDefault();
    if (found.matches("input, textarea, select")) found.focus();
    else found.click();
  });
})();

// 409 and 422 carry a part that says what is wrong: it is shown like any other.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if ([409, 422].includes(event.detail.xhr.status)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
