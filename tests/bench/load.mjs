// Load from many people at once: reads {url, connections, requests} from stdin, sends each request once,
// and prints {seconds, p95_ms, statuses}. autocannon keeps the connections busy.
import autocannon from "autocannon";

let text = "";
for await (const part of process.stdin) text += part;
const { url, connections, requests } = JSON.parse(text);
const shares = Array.from({ length: connections }, (_, n) => requests.filter((_, at) => at % connections === n));
let next = 0;
const latencies = [];
const statuses = {};
const begun = performance.now();
let seconds = 0;
const run = autocannon({
  url, connections, amount: requests.length, timeout: 60,
  setupClient: (client) => client.setRequests(shares[next++ % connections]),
}, (error) => {
  if (error) throw error;
  latencies.sort((a, b) => a - b);
  const p95_ms = latencies[Math.floor(latencies.length * 0.95)];
  process.stdout.write(JSON.stringify({ seconds, p95_ms, statuses, answered: latencies.length }));
});
run.on("response", (client, status, bytes, time) => {
  latencies.push(time);
  statuses[status] = (statuses[status] ?? 0) + 1;
  seconds = (performance.now() - begun) / 1000;
});
