// Who is there? Then the desk, or the way in.
import { api, useSession } from "./api.js";
import { Desk } from "./desk.js";
import { signIn } from "./signin.js";

const root = document.getElementById("app");
let desk = null;

function enter(me) {
  useSession(me.csrf, () => leave());
  desk = new Desk(root, me, leave);
}

function leave({ asked = false } = {}) {
  const was = desk;
  desk = null;
  useSession("", () => {});
  was?.close();
  document.title = "Parley desk";
  signIn(root, { ended: was !== null && !asked, done: enter });
}

async function start() {
  try {
    enter(await api.me());
  } catch (error) {
    if (error.status === 401) leave();
    else setTimeout(start, 1_500);
  }
}

void start();
