// Changes as they are committed: server-sent events, read with fetch to send the token.
import { SignedOut, openStream } from "./audit-api.js";
import { report } from "./audit-layout.js";

const PAUSE = 5_000; // milliseconds at least, before another attempt
const REFUSED = [401, 403];

function parse(block) {
  return Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s, 2)));
}

async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const blocks = (rest + part.value).split("\n\n");
    rest = blocks.pop();
    yield* blocks.map(parse);
  }
}

function whenVisible() {
  const wait = (resolve) =>
    document.hidden
      ? document.addEventListener("visibilitychange", () => wait(resolve), { once: true })
      : resolve();
  return new Promise(wait);
}

/**
 * Call `receive` with each event after the cursor `last`, until the signal `view`.
 *
 * A hidden tab closes its connection, of which HTTP/1.1 allows six to a host, and
 * resumes when it is visible. Without the feed, the page works as before; that the
 * permission is gone, or the session, is reported.
 */
export async function follow(view, path, last, receive) {
  while (!view.aborted) {
    await whenVisible();
    const connection = new AbortController();
    const leave = () => document.hidden && connection.abort();
    document.addEventListener("visibilitychange", leave);
    try {
      const signal = AbortSignal.any([view, connection.signal]);
      const body = await openStream(path, { signal, headers: { "Last-Event-ID": last } });
      for await (const event of eventsOf(body)) {
        last = event.id;
        receive(event);
      }
    } catch (error) {
      const isRefused = error instanceof SignedOut || REFUSED.includes(error.status);
      if (isRefused) return report(error, view);
    } finally {
      document.removeEventListener("visibilitychange", leave);
      connection.abort();
    }
    // At random, as a restarted server gets all of its clients back.
    await new Promise((resolve) => setTimeout(resolve, PAUSE * (1 + Math.random())));
  }
}
