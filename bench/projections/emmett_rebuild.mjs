// emmett_rebuild.mjs - Emmett rebuilds an equal projection from as many events.
//
//   node emmett_rebuild.mjs SOCKET DATABASE EVENTS
//
// Orders that were placed, paid and shipped, three events on a stream, as fill.sql writes them. The
// projection is one document an order, with what order_summary has. Prints one JSON object, and fails
// if the documents are not those that the events make.
import pg from 'pg';
import {
  getPostgreSQLEventStore,
  pongoSingleStreamProjection,
  rebuildPostgreSQLProjections,
} from '@event-driven-io/emmett-postgresql';

const [host, database, wanted] = process.argv.slice(2);
const connectionString = `postgresql:///${database}?host=${host}&user=postgres`;
const orders = Math.ceil(Number(wanted) / 3);
const pad = (n) => String(n).padStart(12, '0');

const evolve = (order, { type, data, metadata }) => {
  switch (type) {
    case 'OrderPlaced':
      return { ...data, status: 'placed', placed_at: metadata.at };
    case 'OrderPaid':
      return { ...order, status: 'paid', payment_id: data.payment_id, paid_at: metadata.at };
    case 'OrderShipped':
      return { ...order, status: 'shipped', ...data, shipped_at: metadata.at };
  }
};

const projection = pongoSingleStreamProjection({
  collectionName: 'order_summary',
  canHandle: ['OrderPlaced', 'OrderPaid', 'OrderShipped'],
  evolve,
});

const story = (n) => {
  const metadata = { at: new Date().toISOString() };
  const total = 450 * (1 + (n % 9));
  const lines = [{ sku: `stone-${n % 100}`, quantity: 1 + (n % 9), unit_price: 450 }];
  const user_id = `01890000-0000-7000-9000-${pad(n % 1000)}`;
  const payment_id = `01890000-0000-7000-a000-${pad(n)}`;
  return [
    { type: 'OrderPlaced', data: { user_id, currency: 'EUR', lines, total, card_token: 'card_ok' } },
    { type: 'OrderPaid', data: { payment_id, currency: 'EUR', total } },
    { type: 'OrderShipped', data: { carrier: 'post', tracking: `track-${n}` } },
  ].map((event) => ({ ...event, metadata }));
};

// One after the other: where several write at once, 0.42.0 leaves some streams out of a rebuild.
const fill = async () => {
  const store = getPostgreSQLEventStore(connectionString);
  await store.schema.migrate();
  for (let n = 0; n < orders; n++)
    await store.appendToStream(`order-01890000-0000-7000-8000-${pad(n)}`, story(n));
  await store.close();
};

const check = async () => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const { rows } = await client.query(
    `select count(*) from order_summary where data->>'status' = 'shipped'`,
  );
  await client.end();
  if (Number(rows[0].count) !== orders)
    throw new Error(`${rows[0].count} of ${orders} documents are right`);
};

await fill();
const began = performance.now();
const consumer = rebuildPostgreSQLProjections({ connectionString, projection });
await consumer.start();
const seconds = (performance.now() - began) / 1000;
await consumer.close();
await check();
console.log(JSON.stringify({ events: orders * 3, seconds }));
