// Our client against @copilotkit/aimock, a stateful mock of OpenAI's Files and Batches API with faults on order.
//
// Usage: node aimock.mjs AACORN_BINARY AIMOCK_PACKAGE_FOLDER
//
// Between the two stands a proxy that adds the headers by which aimock decides how a batch ends and which call goes wrong.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";

const [binary, aimock] = process.argv.slice(2).map((name) => path.resolve(name));
const ROWS = 5;

async function startAimock(port) {
  const fixtures = path.join(aimock, "fixtures", "example-greeting.json");
  const child = spawn(process.execPath, [path.join(aimock, "dist", "cli.js"), "-p", port, "-h", "127.0.0.1", "-f", fixtures]);
  // Read on for as long as it lives: a closed pipe would end it.
  await new Promise((ready, failed) => {
    child.stdout.on("data", (text) => String(text).includes("listening") && ready());
    child.on("exit", (code) => failed(new Error(`aimock ended with ${code}`)));
  });
  child.stderr.resume();
  return child;
}

// outcome: how batches end. spoil: [{method, path, headers | lose}], each for one call.
async function startProxy(port, scenario) {
  const proxy = http.createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const at = scenario.spoil.findIndex((one) => request.method === one.method && one.path.test(request.url));
    const spoil = at < 0 ? {} : scenario.spoil.splice(at, 1)[0];
    scenario.calls.push(`${request.method} ${request.url.split("?")[0]}`);
    const headers = { ...request.headers, ...spoil.headers };
    if (scenario.outcome) headers["x-aimock-batch-outcome"] = scenario.outcome;
    delete headers.host;
    const passed = http.request({ port, host: "127.0.0.1", method: request.method, path: request.url, headers });
    passed.on("error", () => response.destroy());
    passed.on("response", (answer) => {
      if (spoil.lose) {
        answer.resume().on("end", () => response.destroy());
        return;
      }
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    passed.end(Buffer.concat(pieces));
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return proxy;
}

async function aacorn(folder, ...args) {
  const child = spawn(binary, args, { cwd: folder, env: { ...process.env, OPENAI_API_KEY: "sk-interop" } });
  let said = "";
  child.stdout.on("data", (text) => (said += text));
  child.stderr.on("data", (text) => (said += text));
  const [code] = await once(child, "close");
  return { code, said };
}

function project() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "aimock-"));
  fs.mkdirSync(path.join(folder, "batch_files", "en-GB"), { recursive: true });
  const line = (n) => ({
    custom_id: `en-GB-1-${n}-abcdef`,
    method: "POST",
    url: "/v1/chat/completions",
    body: { model: "gpt-4o-mini", messages: [{ role: "user", content: `number ${n}` }] },
  });
  const lines = Array.from({ length: ROWS }, (_, n) => JSON.stringify(line(n)) + "\n").join("");
  fs.writeFileSync(path.join(folder, "batch_files", "en-GB", "openai_batch_en-GB_20260101_000000_0a1b2c3d.jsonl"), lines);
  return folder;
}

function rows(folder, kind) {
  const file = path.join(folder, "batch_files", "en-GB", `batch_${kind}_en-GB_20260101_000000_0a1b2c3d.jsonl`);
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim().split("\n").map((row) => JSON.parse(row)) : [];
}

const CREATE = { method: "POST", path: /^\/v1\/batches$/ };
const UPLOAD = { method: "POST", path: /^\/v1\/files$/ };
const POLL = { method: "GET", path: /^\/v1\/batches\/[^/]+$/ };
const CONTENT = { method: "GET", path: /\/content$/ };
const chaos = (kind) => ({ headers: { [`x-aimock-chaos-${kind}`]: "1" } });

const scenarios = [
  { name: "a whole life", outcome: "completed", code: 0, output: ROWS, errors: 0 },
  { name: "a batch that fails", outcome: "failed", code: 3, output: 0, errors: ROWS },
  { name: "a batch that expires", outcome: "expired", code: 3 },
  { name: "a batch that is cancelled", outcome: "cancelled", code: 3 },
  { name: "429 at every call", spoil: [UPLOAD, CREATE, POLL, CONTENT].map((call) => ({ ...call, ...chaos("ratelimit") })), output: ROWS },
  { name: "500 at every call", spoil: [UPLOAD, CREATE, POLL, CONTENT].map((call) => ({ ...call, ...chaos("drop") })), output: ROWS },
  { name: "broken connections", spoil: [UPLOAD, CREATE, POLL, CONTENT].map((call) => ({ ...call, ...chaos("disconnect") })), output: ROWS },
  { name: "answers that are no JSON", spoil: [POLL, CONTENT].map((call) => ({ ...call, ...chaos("malformed") })), output: ROWS },
  { name: "lost answers to upload and create", spoil: [{ ...UPLOAD, lose: true }, { ...CREATE, lose: true }], output: ROWS },
];

for (const scenario of scenarios) {
  const { name, code = 0 } = scenario;
  Object.assign(scenario, { spoil: scenario.spoil ?? [], outcome: scenario.outcome ?? "completed", calls: [] });
  const port = String(20000 + Math.floor(Math.random() * 20000));
  const mock = await startAimock(port);
  const proxy = await startProxy(port, scenario);
  const base = `http://127.0.0.1:${proxy.address().port}/v1`;
  const folder = project();
  try {
    const submitted = await aacorn(folder, "submit", "--base-url", base);
    assert.equal(submitted.code, 0, `${name}: ${submitted.said}`);
    const watched = await aacorn(folder, "watch", "--interval", "0.05");
    assert.equal(watched.code, code, `${name}: ${watched.said}`);
    assert.deepEqual(scenario.spoil, [], `${name}: every fault came up`);
    const batches = await (await fetch(`http://127.0.0.1:${port}/v1/batches?limit=100`)).json();
    const files = await (await fetch(`http://127.0.0.1:${port}/v1/files?purpose=batch`)).json();
    assert.equal(batches.data.length, 1, `${name}: one batch was made, after ${scenario.calls}`);
    assert.equal(files.data.length, 1, `${name}: one file was uploaded, after ${scenario.calls}`);
    const [output, errors] = [rows(folder, "output"), rows(folder, "errors")];
    if (scenario.output !== undefined) assert.equal(output.length, scenario.output, name);
    if (scenario.errors !== undefined) assert.equal(errors.length, scenario.errors, name);
    const ids = new Set(output.map((row) => row.custom_id));
    assert.equal(ids.size, output.length, `${name}: each id once`);
    console.log(`aimock: ${name}: ok (${output.length} answers, ${errors.length} errors, ${scenario.calls.length} calls)`);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
    mock.kill();
    fs.rmSync(folder, { recursive: true });
  }
}
