// The panel that chooses what is asked: it opens over the question box, and one panel at a time.
(() => {
  const byId = (id) => document.getElementById(id);
  const button = () => byId("scope-button");
  const isOpen = () => "scopePanel" in document.body.dataset;
  const show = (open) => {
    if (open) {
      document.body.dataset.scopePanel = "";
      delete document.body.dataset.answerSettings;
      byId("answer-settings-button")?.setAttribute("aria-expanded", "false");
    } else delete document.body.dataset.scopePanel;
    button()?.setAttribute("aria-expanded", String(open));
  };

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("#scope-button")) show(!isOpen());
    else if (target?.closest("#answer-settings-button")) show(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    if (!event.target.closest?.("#scope-panel, #scope")) return;
    event.stopPropagation();
    show(false);
    button()?.focus();
  }, true);

  // Every choice renders the list again: keyboard focus stays where it was.
  let focused = "";
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("#scope-panel [data-action]");
    focused = row ? `[data-action=${row.dataset.action}][data-id="${CSS.escape(row.dataset.id)}"]` : "";
  });
  window.carrel.scopeDrawn = () => {
    button()?.setAttribute("aria-expanded", String(isOpen()));
    const lost = document.activeElement === document.body;
    if (lost && isOpen() && focused) byId("scope-panel")?.querySelector(focused)?.focus();
  };
})();
