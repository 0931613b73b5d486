/** The feed of changes: server-sent events, read with fetch, which can send a token. */
import { authorizedFetch } from "./client.js";
import { API } from "./config.js";

const PAUSE = 2000; // milliseconds at least, before a new attempt

/**
 * Follow the changes of one entity until `signal` is aborted.
 *
 * It begins with a `reset`: load the records, as only later changes are sent. After an
 * interruption it resumes behind the last event, so that none is lost; one may come
 * twice. Another `reset` follows if those changes can no longer be had.
 *
 * A hidden tab closes its connection, of which HTTP/1.1 allows six to a host.
 * @param {string} entity
 * @param {(event: string, data: string) => void} receive
 * @param {AbortSignal} signal
 */
export async function follow(entity, receive, signal) {
  let last = "";
  while (!signal.aborted) {
    await whenVisible();
    const hiding = new AbortController();
    const hide = () => document.hidden && hiding.abort();
    document.addEventListener("visibilitychange", hide);
    try {
      const url = `${API}/api/v1/audit/changes/stream?entity=${entity}`;
      const headers = new Headers(last ? { "Last-Event-ID": last } : {});
      const ending = AbortSignal.any([signal, hiding.signal]);
      const request = new Request(url, { headers, signal: ending });
      const response = await authorizedFetch(request);
      if (response.status === 401 || response.status === 403) return;
      if (!response.ok || !response.body) throw new Error(`${response.status}`);
      if (!last) receive("reset", "");
      for await (const { id, event, data } of events(response.body)) {
        last = id || last;
        receive(event, data);
      }
    } catch (error) {
      if (signal.aborted) return;
      console.info("The feed was interrupted:", error);
    } finally {
      document.removeEventListener("visibilitychange", hide);
    }
    // At random, as a restarted server gets all of its clients back.
    const pause = PAUSE * (1 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** @returns {Promise<void>} */
async function whenVisible() {
  while (document.hidden) {
    await new Promise((resolve) =>
      document.addEventListener("visibilitychange", resolve, { once: true }),
    );
  }
}

/**
 * Parse server-sent events. See https://html.spec.whatwg.org/#event-stream-interpretation
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @returns {AsyncGenerator<{ id: string, event: string, data: string }>}
 */
async function* events(body) {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) yield parse(block);
  }
}

/** @param {string} block */
function parse(block) {
  const found = { id: "", event: "message", data: "" };
  for (const line of block.split(/\r?\n/)) {
    const [, name, value = ""] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
    if (name === "data") found.data += (found.data && "\n") + value;
    else if (name === "id" || name === "event") found[name] = value;
  }
  return found;
}
