// consumer.mjs - reads the bus from another language: every event of a category, validated as a
// CloudEvent, in a consumer group. Entries that another run has left unacknowledged come first.
//
//     npm install redis cloudevents
//     REDIS_URL=redis://… node consumer.mjs order reporting
//
// At least once: remember the ids of what was handled where the effects are, if twice is too often.
import { createClient } from "redis";
import { CloudEvent } from "cloudevents";

const [category = "order", group = "reporting", member = "me"] = process.argv.slice(2);
const redis = await createClient({ url: process.env.REDIS_URL }).connect();
const epoch = await redis.hGet("cairn:bus", "epoch");
if (epoch === null) throw new Error("nothing is published yet");
const key = `cairn:bus:${category}:${epoch}`;
await redis.xGroupCreate(key, group, "0", { MKSTREAM: true }).catch((error) => {
  if (!error.message.startsWith("BUSYGROUP")) throw error;
});

for (let from = "0"; ; ) {
  const options = { COUNT: 100, BLOCK: 1000 };
  const streams = await redis.xReadGroup(group, member, { key, id: from }, options);
  const entries = streams?.[0].messages ?? [];
  if (from !== ">" && entries.length === 0) from = ">"; // what was left over is done
  for (const { id, message } of entries) {
    const event = new CloudEvent(JSON.parse(message.event)); // throws if it is none
    if (`${event.position}-0` !== id) throw new Error(`${id} has position ${event.position}`);
    console.log(event.position, event.subject, event.type, JSON.stringify(event.data ?? null));
    await redis.xAck(key, group, id);
  }
}
