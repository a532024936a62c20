// Small comforts. Every page works without them.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) {
    const secure = window.location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `time_zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    // A form that asks for a zone and knows none yet starts with the browser's.
    document.querySelectorAll("select[data-guess-zone]").forEach((select) => {
      if (!select.value && [...select.options].some((option) => option.value === zone))
        select.value = zone;
    });
    showTimesIn(zone);
  }

  // The first page of a first visit was made before the server knew the zone: fetch it once more,
  // unless someone is already at work in it.
  function showTimesIn(zone) {
    const main = document.querySelector("main[data-guessed-zone]");
    if (!main || main.dataset.guessedZone === zone || !main.querySelector("time, .slot"))
      return;
    fetch(window.location.href, { credentials: "same-origin" })
      .then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)))
      .then((html) => {
        if (main === document.activeElement || main.contains(document.activeElement)) return;
        const fresh = new DOMParser().parseFromString(html, "text/html");
        for (const part of ["main", ".site-footer"])
          document.querySelector(part).replaceChildren(...fresh.querySelector(part).childNodes);
        main.dataset.guessedZone = zone;
        window.htmx?.process(main);
      })
      .catch(() => {});
  }

  // The account menu closes as menus do: by a click elsewhere and by Escape.
  const close = (except) =>
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (menu !== except) menu.open = false;
    });
  document.addEventListener("click", (event) => close(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    close();
    menu?.querySelector("summary").focus();
  });

  // A form is sent once: a second click waits for the answer of the first.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () =>
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
    }),
  );

  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  // What htmx changed is said aloud, if it says something else than before; whoever pressed what
  // is gone now reads on at its title.
  const words = (part) => {
    const copy = part?.cloneNode(true);
    copy?.querySelectorAll("[aria-hidden]").forEach((drawing) => drawing.remove());
    return copy?.textContent.replace(/\s+/g, " ").trim();
  };
  let before = words(document.querySelector("[data-announce]"));
  let wasWithin = false;
  document.addEventListener("htmx:beforeSwap", (event) => {
    wasWithin = event.detail.target.contains(document.activeElement);
  });
  document.addEventListener("htmx:afterSettle", () => {
    const title = document.querySelector("[data-announce]");
    if (!title) return;
    if (words(title) !== before) document.getElementById("said").textContent = words(title);
    before = words(title);
    if (!wasWithin || document.activeElement !== document.body) return;
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
  });

  // No answer, or one of no use: say so, until the next one comes.
  const lost = document.createElement("p");
  lost.className = "message message-error";
  lost.setAttribute("role", "alert");
  for (const failed of ["htmx:sendError", "htmx:responseError", "htmx:timeout"])
    document.addEventListener(failed, () => {
      lost.textContent = document.body.dataset.lost;
      if (!lost.isConnected) document.querySelector("main").prepend(lost);
    });
  document.addEventListener("htmx:afterSwap", () => lost.remove());

  // After a refused form the summary of what is wrong is where one reads on.
  const errors = document.querySelector(".form-errors");
  if (errors) {
    // The skip link's fragment, still in the address, would take the focus away again.
    if (window.location.hash)
      window.history.replaceState(null, "", window.location.pathname + window.location.search);
    errors.tabIndex = -1;
    errors.focus();
  }
})();
