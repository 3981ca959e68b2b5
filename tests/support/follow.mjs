// follow.mjs - reads an event stream with the EventSource of npm, as a browser does, reconnecting
// by itself.
//
//     node follow.mjs MODULES URL    MODULES: the directory that has node_modules
//
// Prints a line for each thing that happens: "open", "message ID DATA", "deleted ID DATA",
// "error CODE" (a connection that was lost, or refused with a status). Ends when its input does.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [modules, url] = process.argv.slice(2);
const resolve = createRequire(pathToFileURL(modules + '/')).resolve;
const { EventSource } = await import(pathToFileURL(resolve('eventsource')).href);

const source = new EventSource(url);
const say = (what) => (event) => console.log(what, event.lastEventId, event.data);
source.addEventListener('open', () => console.log('open'));
source.addEventListener('message', say('message'));
source.addEventListener('deleted', say('deleted'));
source.addEventListener('error', (event) => console.log('error', event.code ?? '-'));

process.stdin.resume();
process.stdin.on('end', () => {
    source.close();
    process.exit(0);
});
