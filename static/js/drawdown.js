/* What the pages need beyond Bootstrap and htmx. */
(function () {
  const say = (text) => { document.getElementById("live").textContent = text; };

  /* "/" goes to the search box, unless something is being typed. */
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const search = document.getElementById("search");
    if (event.key !== "/" || typing || !search) return;
    event.preventDefault();
    search.focus();
  });

  /* A refused form takes the focus to its summary. */
  document.querySelector("[data-focus]")?.focus();

  /* The panel is out of date while a new one is on its way: nothing can be confirmed until it is there. */
  document.addEventListener("htmx:beforeRequest", (event) => {
    event.target.querySelectorAll("#preview button").forEach((button) => { button.disabled = true; });
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    event.target.querySelectorAll("#preview button").forEach((button) => { button.disabled = false; });
  });

  /* A form is sent once; the server knows as well. */
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
  });

  /* An answer that cannot be shown is said. */
  const failed = () => say("The page could not be brought up to date. Load it again.");
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);

  /* Tick or untick all rows of a table: <input type="checkbox" data-tick-all="lines"> */
  document.addEventListener("change", (event) => {
    const name = event.target.dataset.tickAll;
    if (!name) return;
    document.querySelectorAll(`[data-tick="${name}"]:not(:disabled)`).forEach((box) => { box.checked = event.target.checked; });
  });
})();
