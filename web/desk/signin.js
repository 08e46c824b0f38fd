// The way in.
import { api } from "./api.js";
import { sentence } from "./dialog.js";
import { h, replace } from "./dom.js";
import { mark } from "./icons.js";
import { t } from "./strings.js";

/** Shows the form; `done(me)` when somebody is signed in. */
export function signIn(root, { ended = false, done }) {
  const words = t.signIn;
  const problem = h("p", { class: "problem", role: "alert", hidden: !ended }, ended ? words.ended : "");
  const email = h("input", { type: "email", name: "email", autocomplete: "username", required: true, maxlength: 320, inputmode: "email", spellcheck: "false", autocapitalize: "none" });
  const password = h("input", { type: "password", name: "password", autocomplete: "current-password", required: true, maxlength: 4096 });
  const peek = h("button", { type: "button", class: "link peek", "aria-pressed": "false", on: { click: () => reveal(password, peek) } }, words.show);
  const apps = h("select", { name: "app" });
  const choice = h("label", { class: "labelled", hidden: true }, h("span", {}, words.workspace), apps);
  const submit = h("button", { type: "submit", class: "button primary wide" }, words.submit);
  const form = h(
    "form",
    { class: "signin-form" },
    h("h1", {}, words.heading),
    problem,
    h("label", { class: "labelled" }, h("span", {}, words.email), email),
    h("div", { class: "labelled" }, h("label", { for: "signin-password" }, words.password), h("div", { class: "with-peek" }, password, peek)),
    choice,
    submit,
    h("p", { class: "quiet small" }, words.forgotten),
  );
  password.id = "signin-password";
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    replace(submit, words.busy);
    try {
      done(await api.signIn(email.value, password.value, choice.hidden ? new URLSearchParams(location.search).get("app") ?? "" : apps.value));
    } catch (error) {
      if (error.code === "choose_app") offer(error, apps, choice);
      problem.hidden = false;
      problem.textContent = error.status === 0 ? words.unreachable : sentence(error);
      submit.disabled = false;
      replace(submit, words.submit);
      if (error.status === 401) password.select();
    }
  });
  replace(root, h("main", { class: "signin" }, h("div", { class: "signin-brand" }, mark(), h("span", {}, "Parley")), form));
  email.focus();
}

function offer(error, apps, choice) {
  replace(apps, error.more.apps.map((app) => h("option", { value: app.id }, app.name)));
  choice.hidden = false;
  apps.focus();
}

function reveal(password, peek) {
  const shown = password.type === "password";
  password.type = shown ? "text" : "password";
  peek.setAttribute("aria-pressed", String(shown));
  replace(peek, shown ? t.signIn.hide : t.signIn.show);
}
