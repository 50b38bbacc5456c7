/* Light or dark before the first paint: what was chosen here, else what the system prefers. */
(function () {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  /* The admin keeps its choice under the same name, and its "auto" is no choice. */
  const chosen = () => ["light", "dark"].find((theme) => theme === stored());
  const apply = () => { document.documentElement.dataset.bsTheme = chosen() || (system.matches ? "dark" : "light"); };
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", next); } catch { /* private window: it lasts for this page */ }
    document.documentElement.dataset.bsTheme = next;
  });
})();
