// Live hints, for whoever is signed in and has scripts: the badge, and that there are new posts. It speaks just enough of
// Socket.IO's protocol over a WebSocket; the usual client library is forty times this size. Other scripts hear each event
// as "flotilla:post", "flotilla:typing" ... on the document, and say something with a "flotilla:say" event:
// document.dispatchEvent(new CustomEvent("flotilla:say", { detail: ["typing", { conversation_id: "7" }] })).
"use strict";

{
  const WAIT_FIRST_MS = 2000, WAIT_MAX_MS = 120000, QUIET_MAX_MS = 50000;
  const page = document.body.dataset;
  let socket, quiet, wait = WAIT_FIRST_MS, open = false, later;

  const connect = () => {
    clearTimeout(later);
    try {
      socket = new WebSocket(`${page.live}/socket.io/?EIO=4&transport=websocket`);
    } catch {
      return;
    }
    socket.onmessage = ({ data }) => {
      clearTimeout(quiet);
      quiet = setTimeout(() => socket.close(), QUIET_MAX_MS); // the server asks every 25 s whether we are there
      if (data === "2") socket.send("3");
      else if (data[0] === "0") socket.send("40");
      else if (data.startsWith("40")) {
        open = true;
        page.connected = "yes";
        wait = WAIT_FIRST_MS;
        if (page.page === "public") say("watch", { timeline: "public" });
      } else if (data.startsWith("42")) {
        const [name, detail] = JSON.parse(data.slice(2));
        document.dispatchEvent(new CustomEvent(`flotilla:${name}`, { detail }));
      } else if (data === "41" || data.startsWith("44")) socket.close();
    };
    socket.onclose = () => {
      open = false;
      page.connected = "no";
      clearTimeout(quiet);
      // Not all pages at once, when the server comes back.
      later = setTimeout(connect, wait * (0.5 + Math.random()));
      wait = Math.min(wait * 2, WAIT_MAX_MS);
    };
  };
  const say = (name, what) => open && socket.send("42" + JSON.stringify([name, what]));
  document.addEventListener("flotilla:say", ({ detail }) => say(...detail));
  // A page that is kept for the Back button holds no connection.
  addEventListener("pagehide", () => { if (socket) { socket.onclose = null; socket.close(); open = false; } });
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  if (page.live) connect();

  document.addEventListener("flotilla:notification", ({ detail: { unread } }) => {
    for (const place of document.querySelectorAll("[data-badge=notifications]")) {
      let badge = place.querySelector(".badge");
      if (!unread) { badge?.remove(); continue; }
      if (!badge) {
        badge = document.createElement("b");
        badge.className = "badge";
        badge.append("", Object.assign(document.createElement("span"), { className: "aside-only", textContent: ` ${page.unread}` }));
        place.append(badge);
      }
      badge.firstChild.data = unread < 100 ? unread : "99+";
    }
  });

  // New posts are not pushed under the reader's eyes: a link says that there are some.
  const fresh = () => {
    const posts = document.querySelector("[id$=-timeline]");
    if (!posts || location.search || document.querySelector(".fresh")) return;
    const link = Object.assign(document.createElement("a"), { href: location.pathname, textContent: page.fresh });
    const line = Object.assign(document.createElement("p"), { className: "fresh notice" });
    line.append(link);
    posts.prepend(line);
    const news = document.getElementById("news");
    if (news) news.textContent = page.fresh;
  };
  document.addEventListener("flotilla:post", () => { if (page.page === "home") fresh(); });
  document.addEventListener("flotilla:public", () => { if (page.page === "public") fresh(); });
  document.addEventListener("flotilla:deleted", ({ detail: { id } }) => document.getElementById(`post-${id}`)?.remove());
}
