// What takes longer than two seconds says so, and for how long already; a preview can be stopped.
"use strict";

const PATIENCE = 2000;

function work(form, note) {
  const begun = Date.now();
  const told = note.querySelector("[data-seconds]");
  const tick = window.setInterval(() => {
    const passed = Date.now() - begun;
    note.hidden = passed < PATIENCE;
    told.textContent = `${Math.floor(passed / 1000)} s`;
  }, 250);
  const end = () => {
    window.clearInterval(tick);
    note.hidden = true;
  };
  note.querySelector("[data-stop]")?.addEventListener("click", () => {
    window.stop();
    end();
  }, { once: true });
  window.addEventListener("pageshow", end, { once: true });
}

document.addEventListener("submit", (event) => {
  const note = event.target.querySelector("[data-working]");
  if (note) work(event.target, note);
});
