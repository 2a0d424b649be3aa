// Load on an HTTP server, from a process of its own. The task is JSON in the argument, the answer a line of JSON.
//
// With `rate`, an open loop: requests come at random (Poisson), whatever becomes of the earlier ones, and the time of each counts from when it was
// due. (autocannon and its like make a new request when an earlier one of the same connection is answered, at whatever rate: under overload they slow
// down with the server, which hides what overload does.) With `callers`, a closed loop: each waits for its answer and asks again.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { quantile } from '../statistics.mjs';
import { perSecond } from './rate.mjs';

const { url, path, headers, bodies: files, seconds, rate, callers, warmUp = 0, seed = 1 } = JSON.parse(process.argv[2]);
const bodies = files.map((file) => readFileSync(file));
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, scheduling: 'fifo' });
const { hostname, port } = new URL(url);

const from = performance.now() + 1000 * warmUp;
const until = from + 1000 * seconds;
/** Answers by their time: of those that were due within the measured time, and of all that ended in it. */
const answered = [];
const refused = [];
const failed = new Map();
const ends = [];
let sent = 0;

/** Sends a request. @returns once it is answered, or has failed */
function ask(i, due) {
  const counts = due >= from && due < until;
  if (counts) sent++;
  return new Promise((resolve) => {
    let ended = false;
    const end = (what) => {
      if (ended) return;
      ended = true;
      const now = performance.now();
      if (what === 200 && now >= from && now < until) ends.push(now);
      if (counts) {
        if (what === 200) answered.push(now - due);
        else if (what === 503) refused.push(now - due);
        else failed.set(what, (failed.get(what) ?? 0) + 1);
      }
      resolve(what);
    };
    const body = bodies[i % bodies.length];
    const call = request(
      { agent, hostname, port, path, method: 'POST', headers: { ...headers, 'Content-Length': body.byteLength } },
      (response) => {
        response.resume();
        // A refusal may come before the body was read; what happens to the connection then is no part of the answer.
        if (response.statusCode !== 200) end(response.statusCode);
        response.on('end', () => end(response.statusCode));
        response.on('error', (error) => end(error.code));
      },
    );
    call.on('error', (error) => end(error.code ?? error.message));
    call.end(body);
  });
}

/** Small deterministic random numbers. */
let state = seed;
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state + 0.5) / 2 ** 32;
}

async function openLoop() {
  const pending = new Set();
  let due = performance.now();
  for (let i = 0; due < until; i++) {
    due += (-Math.log(random()) * 1000) / rate;
    const wait = due - performance.now();
    // What is due already is sent at once, but the loop turns now and then, so that answers are seen.
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    else if (i % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    const call = ask(i, due);
    pending.add(call);
    void call.then(() => pending.delete(call));
  }
  await Promise.all(pending);
}

async function closedLoop() {
  const caller = async (first) => {
    for (let i = first; performance.now() < until; i += callers) await ask(i, performance.now());
  };
  await Promise.all(Array.from({ length: callers }, (_, i) => caller(i)));
}

const cpu = process.cpuUsage();
const begun = performance.now();
await (rate === undefined ? closedLoop() : openLoop());
const { user, system } = process.cpuUsage(cpu);
const percentiles = (list) =>
  Object.fromEntries([50, 90, 99, 100].map((p) => [`p${p}`, list.length === 0 ? null : quantile(list, p / 100)]));
process.stdout.write(
  `${JSON.stringify({
    sent,
    answered: answered.length,
    refused: refused.length,
    failed: Object.fromEntries(failed),
    perSecond: perSecond(ends, 1000 * seconds),
    latency: percentiles(answered),
    refusal: percentiles(refused),
    /** Cores that this process took. */
    cores: (user + system) / 1000 / (performance.now() - begun),
  })}\n`,
  () => process.exit(0),
);
