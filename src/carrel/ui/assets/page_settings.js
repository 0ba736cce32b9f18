// The settings of the page: how it looks, and its language. The browser keeps them.
(() => {
  const THEME = "carrel-theme";
  const LANGUAGE = "carrel-language";
  const bySystem = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => localStorage.getItem(THEME) ?? "system";
  const isDark = () => (theme() === "system" ? bySystem.matches : theme() === "dark");
  const applyTheme = () => {
    if (document.body.classList.contains("dark") !== isDark()) {
      document.body.classList.toggle("dark", isDark());
    }
    document.documentElement.style.colorScheme = isDark() ? "dark" : "light";
  };
  const applyLanguage = () => {
    const shown = document.getElementById("language")?.value;
    if (shown && document.documentElement.lang !== shown) document.documentElement.lang = shown;
  };
  let choosing = false;
  const languageArrived = () => {
    applyLanguage();
    window.carrel.showView();
    window.carrel.nameField();
    if (choosing) document.getElementById("settings-button").focus();
    choosing = false;
  };
  const dialog = () => document.getElementById("settings");

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.closest("#settings-button")) {
      for (const choice of dialog().querySelectorAll("[name=theme]")) {
        choice.checked = choice.value === theme();
      }
      dialog().showModal();
    }
    // A click beside a dialog is one on the dialog itself: its content covers it.
    const closes = event.target.closest("[data-close]");
    if (closes) closes.closest("dialog").close();
    else if (event.target instanceof HTMLDialogElement) event.target.close();
  });
  document.addEventListener("change", (event) => {
    if (event.target.name === "theme") {
      if (event.target.value === "system") localStorage.removeItem(THEME);
      else localStorage.setItem(THEME, event.target.value);
      applyTheme();
    } else if (event.target.id === "language") {
      localStorage.setItem(LANGUAGE, event.target.value);
      choosing = true;
      event.target.form.requestSubmit();
    }
  });

  Object.assign(window.carrel, {
    options: () => {
      const languages = [localStorage.getItem(LANGUAGE), ...navigator.languages];
      const offset = new Date().getTimezoneOffset();
      return JSON.stringify({ languages: languages.filter(Boolean), offset });
    },
    languageArrived: () => requestAnimationFrame(languageArrived),
  });

  // Gradio sets the language of the document by the browser's, before or after the page is there.
  new MutationObserver(applyLanguage).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["lang"],
  });
  const arriving = new MutationObserver(() => {
    if (!document.getElementById("language")) return;
    arriving.disconnect();
    applyLanguage();
  });
  arriving.observe(document.body, { childList: true, subtree: true });

  applyTheme();
  bySystem.addEventListener("change", applyTheme);
  // Gradio sets the class by the system's preference once it is mounted; the reader's choice wins.
  new MutationObserver(applyTheme).observe(document.body, {
    attributes: true,
    attributeFilter: ["class"],
  });
})();
