// pulse.js - how the system is, as the console tells it each second; and what of it the charts keep, while other pages
// are looked at, too.
import { useEffect, useState } from 'preact/hooks';

import { follow } from './tail.js';
import { Problem } from './api.js';

const KEPT = 600; // samples: ten minutes
export const memory = { times: [], appends: [], answers: [], lags: new Map(), behind: new Map(), services: new Map() };

function push(list, value) {
    list.push(value);
    if (list.length > KEPT) list.shift();
}

// A line for each read model, with gaps where it was not there.
function pushEach(lines, values) {
    for (const name of values.keys()) if (!lines.has(name)) lines.set(name, Array(memory.times.length - 1).fill(null));
    for (const [name, line] of lines) push(line, values.get(name) ?? null);
}

function note(sample) {
    const time = Date.parse(sample.at) / 1000;
    if (time <= (memory.times.at(-1) ?? 0)) return; // the one that is shown already
    if (time - (memory.times.at(-1) ?? time) > 30) { // nobody looked: the lines do not go on
        for (const list of [memory.times, memory.appends, memory.answers]) list.length = 0;
        memory.lags.clear();
        memory.behind.clear();
    }
    const live = sample.read_models.filter((row) => row.state === 'live');
    push(memory.times, time);
    push(memory.appends, sample.appends_per_s);
    push(memory.answers, sample.log_ms);
    pushEach(memory.lags, new Map(live.map((row) => [row.read_model, row.lag])));
    pushEach(memory.behind, new Map(live.map((row) => [row.read_model, row.lag_s])));
    for (const row of sample.services) if (row.connections > 0) memory.services.set(row.service, time);
}

// Services that had connections when they were seen before, and have none now.
export function goneServices(sample) {
    return sample.services.filter((row) => row.connections === 0 && memory.services.has(row.service)).map((row) => row.service);
}

// Returns the newest sample, and a Problem while there is none to come.
export function usePulse() {
    const [sample, setSample] = useState(null);
    const [error, setError] = useState(null);
    useEffect(() => {
        const left = new AbortController();
        follow('/admin/pulse', null, left.signal, (kind, message) => {
            if (kind === 'problem') {
                setError(new Problem(message));
                return;
            }
            note(message);
            setSample(message);
            setError(null);
        }, (state) => setError(state === 'live' ? null : state));
        return () => left.abort();
    }, []);
    return { value: sample, error };
}
