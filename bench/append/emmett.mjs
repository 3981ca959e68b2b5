// emmett.mjs - the load for Emmett: so many appends at once, each followed by the next.
//
//   node emmett.mjs prepare SOCKET DATABASE         makes its schema; one event on each stream
//   node emmett.mjs run SOCKET DATABASE APPENDERS WARM_SECONDS RUN_SECONDS
//
// BENCH_DATA and BENCH_META are the JSON of an event. Each appender has streams of its own and gives
// the version that it knows of them, and there is a connection for each. Prints what cairn_append.c
// prints.
import pg from 'pg';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';

const STREAMS = 4096;
const [mode, host, database, appenders = '64', warm = '0', run = '0'] = process.argv.slice(2);
const count = Number(appenders);
const data = JSON.parse(process.env.BENCH_DATA);
const metadata = JSON.parse(process.env.BENCH_META);

const pool = new pg.Pool({ host, database, user: 'postgres', max: count });
const store = getPostgreSQLEventStore(`postgresql:///${database}?host=${host}&user=postgres`, {
  schema: { autoMigration: 'None' },
  connectionOptions: { pool },
});

const streamName = (n) => `account-00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

const append = async (stream, version) => {
  const event = { type: 'AmountCredited', data, metadata };
  const result = await store.appendToStream(streamName(stream), [event], {
    expectedStreamVersion: version,
  });
  if (result.nextExpectedStreamVersion !== version + 1n)
    throw new Error(`${streamName(stream)} is at ${result.nextExpectedStreamVersion}`);
};

// Runs `work(n)` for each appender at once.
const together = (work) => Promise.all(Array.from({ length: count }, (_, n) => work(n)));

const prepare = async () => {
  await store.schema.migrate();
  await together(async (n) => {
    for (let stream = n; stream < STREAMS; stream += count) await append(stream, 0n);
  });
};

const at = (sorted, thousandth) =>
  sorted[Math.max(Math.ceil((sorted.length * thousandth) / 1000) - 1, 0)] ?? 0;

const measure = async () => {
  const own = Math.floor(STREAMS / count);
  const from = performance.now() + Number(warm) * 1000;
  const end = from + Number(run) * 1000;
  const took = [];
  let acknowledged = 0;
  await together(async (n) => {
    for (let turn = 0; performance.now() < end; turn++) {
      const began = performance.now();
      await append(n * own + (turn % own), BigInt(Math.floor(turn / own) + 1));
      const now = performance.now();
      acknowledged++;
      if (now >= from && now < end) took.push(Math.round((now - began) * 1000));
    }
  });
  took.sort((a, b) => a - b);
  console.log(
    JSON.stringify({
      acknowledged,
      rate: took.length / Number(run),
      p50_us: at(took, 500),
      p99_us: at(took, 990),
      p999_us: at(took, 999),
    }),
  );
};

await (mode === 'prepare' ? prepare() : measure());
await store.close();
await pool.end().catch(() => {}); // the store may have ended it
