// The sheet is made smaller, step by step, until all of it stands on one page.
(() => {
  const sheet = document.querySelector("main");
  const roster = document.getElementById("roster");
  const smallest = 12;
  const room = 180 * 96 / 25.4; // A4 landscape within its margins, in CSS pixels

  const fit = () => {
    for (let step = 0; step <= smallest; step += 1) {
      sheet.dataset.fit = step;
      if (roster.getBoundingClientRect().height <= room) return;
    }
  };
  fit();
  if (document.fonts) document.fonts.ready.then(fit);
})();
