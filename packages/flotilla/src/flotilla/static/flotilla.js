// What is nicer with a script. Every page works without it: each part takes over something that works already.
"use strict";

const news = document.getElementById("news");
const say = (text) => { if (news) news.textContent = text; };

// Likes, reposts and bookmarks without leaving one's place: the server answers with the post's page, of which the row of
// buttons is taken over. Whatever goes wrong, the button does what it does without a script.
document.addEventListener("click", async (event) => {
  const button = event.target.closest(".deeds button[formaction][form=deeds]");
  const post = button?.closest("article[id^=post-]");
  const page = post?.querySelector("a.when")?.getAttribute("href");
  if (!page || event.defaultPrevented) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(button.form));
  body.set("next", page);
  try {
    const answer = await fetch(button.getAttribute("formaction"), { method: "POST", body, signal: AbortSignal.timeout(8000) });
    if (!answer.ok || new URL(answer.url).pathname !== page) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(`#post-${post.dataset.post} .deeds`);
    const row = button.closest(".deeds");
    const place = [...row.querySelectorAll("button")].indexOf(button);
    row.replaceWith(fresh);
    const now = fresh.querySelectorAll("button")[place];
    now?.focus();
    say(now?.getAttribute("aria-label") || now?.textContent || "");
  } catch {
    button.form.action = button.getAttribute("formaction");
    button.form.submit();
  }
});

// How many characters are left, counted as the server counts: code points after NFC.
for (const box of document.querySelectorAll("textarea[data-limit]")) {
  const left = document.createElement("output");
  left.className = "left";
  left.htmlFor = box.id;
  box.form.querySelector("button:not([type=button])").before(left);
  const count = () => {
    const rest = box.dataset.limit - [...box.value.normalize("NFC").trim()].length;
    left.textContent = rest.toLocaleString(document.documentElement.lang);
    left.classList.toggle("over", rest < 0);
    left.ariaLive = rest <= 20 ? "polite" : "off"; // a screen reader hears of it only when it matters
  };
  box.addEventListener("input", count);
  count();
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) box.form.requestSubmit();
  });
}

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hidden) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 4000);
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
