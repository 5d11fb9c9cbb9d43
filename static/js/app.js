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

  document.body.addEventListener("htmx:afterRequest", (event) => show(event.detail.successful));
})();
