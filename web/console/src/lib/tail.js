// tail.js - follows a stream of server-sent events of the console. EventSource cannot send a token.
import { open } from './api.js';

const AGAIN_MS = 1000;

// Splits what arrives into messages: { id, event, data }.
function* messagesOf(text) {
    for (const block of text.split('\n\n')) {
        const fields = Object.fromEntries(block.split('\n').filter((line) => line.includes(': '))
            .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]));
        if (fields.data) yield fields;
    }
}

async function readAll(response, onMessage) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        rest += value;
        const end = rest.lastIndexOf('\n\n');
        if (end < 0) continue;
        for (const message of messagesOf(rest.slice(0, end))) onMessage(message);
        rest = rest.slice(end + 2);
    }
}

const pause = (ms, signal) => new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', () => { clearTimeout(timer); done(); }, { once: true });
});

// Follows until the signal: what ends is opened again, after the last event that came. onState: 'live', or the
// Problem why it is not.
export async function follow(path, params, signal, onMessage, onState) {
    let last;
    while (!signal.aborted) {
        try {
            const response = await open(path, params, { signal, headers: { accept: 'text/event-stream', ...(last && { 'last-event-id': last }) } });
            onState('live');
            await readAll(response, (message) => {
                last = message.id ?? last;
                onMessage(message.event ?? 'message', JSON.parse(message.data));
            });
        } catch (error) {
            if (signal.aborted) return;
            onState(error);
        }
        await pause(AGAIN_MS, signal);
    }
}
