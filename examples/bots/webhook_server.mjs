// A bot behind a webhook, in plain Node: PARLEY_BOT_SECRET=whsec_… node webhook_server.mjs 8080
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const key = Buffer.from(process.env.PARLEY_BOT_SECRET.replace(/^whsec_/, ""), "base64");
const MOST_BYTES = 4_000_000;

/** The bot itself: a turn in, actions out. */
function reply(turn) {
  if (turn.payload === "person") return [{ kind: "hand_off", reason: "asked for a person" }];
  return [{ kind: "quick_replies", text: `You said: ${turn.text}`, choices: [{ title: "Talk to a person", payload: "person" }] }];
}

/** Whether Parley sent these very bytes, and lately. */
function signed(headers, body) {
  const moment = headers["webhook-timestamp"] || "";
  if (!/^\d{1,12}$/.test(moment) || Math.abs(Date.now() / 1000 - Number(moment)) > 300) return false;
  const digest = createHmac("sha256", key).update(`${headers["webhook-id"]}.${moment}.`).update(body).digest("base64");
  const expected = Buffer.from(`v1,${digest}`);
  return (headers["webhook-signature"] || "").split(" ").some((each) => {
    const given = Buffer.from(each);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

const server = createServer(async (request, response) => {
  const answer = (status, value) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  const pieces = [];
  let size = 0;
  for await (const piece of request) {
    if ((size += piece.length) > MOST_BYTES) return answer(413, { error: "too large" });
    pieces.push(piece);
  }
  const body = Buffer.concat(pieces);
  if (!signed(request.headers, body)) return answer(401, { error: "not signed by Parley" });
  let turn = null;
  try {
    turn = JSON.parse(body);
  } catch {}
  if (turn?.version !== 1) return answer(400, { error: "no turn of version 1" });
  answer(200, { actions: reply(turn) });
});
server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => console.error(`listening on http://127.0.0.1:${server.address().port}/`));
