// tail.jsx - the log as it grows: the newest events of a type or a category, as they are recorded.
import { useEffect, useRef, useState } from 'preact/hooks';

import { number, plural } from '../lib/format.js';
import { go, href } from '../lib/route.js';
import { follow } from '../lib/tail.js';
import { Badge, Empty, ProblemNote, Section } from '../parts/basic.jsx';
import { Table } from '../parts/table.jsx';
import { eventColumns } from './streams.jsx';

const KEPT = 500;
const SHOW_MS = 150; // what comes within this is shown at once

// Collects what comes, and shows it a few times a second: a log that grows fast does not freeze the page.
function useTail(query, isPaused) {
    const [shown, setShown] = useState({ rows: [], seen: 0, missed: 0 });
    const [state, setState] = useState('connecting');
    const kept = useRef({ rows: [], seen: 0, missed: 0 });
    useEffect(() => {
        const left = new AbortController();
        kept.current = { rows: [], seen: 0, missed: 0 };
        setShown(kept.current);
        setState('connecting');
        follow('/admin/tail', { type: query.type, category: query.category }, left.signal, (kind, one) => {
            const { rows, seen, missed } = kept.current;
            kept.current = kind === 'missed' ? { rows, seen, missed: missed + one.to - one.from + 1 }
                : { rows: [one, ...rows.slice(0, KEPT - 1)], seen: seen + 1, missed };
        }, setState);
        return () => left.abort();
    }, [query.type, query.category]);
    useEffect(() => {
        if (isPaused) return undefined;
        const timer = setInterval(() => setShown(kept.current), SHOW_MS);
        return () => clearInterval(timer);
    }, [isPaused]);
    return { ...shown, state };
}

function Filters({ query }) {
    const submit = (event) => {
        event.preventDefault();
        const form = new FormData(event.target);
        go(['live'], { type: form.get('type').trim(), category: form.get('category').trim() });
    };
    return (
        <form class="row" onSubmit={submit} key={JSON.stringify(query)}>
            <label>Type<input name="type" defaultValue={query.type} placeholder="OrderPlaced" /></label>
            <label>Category<input name="category" defaultValue={query.category} placeholder="order" /></label>
            <button type="submit">Filter</button>
            <a class="button" href={href(['live'])}>Clear</a>
        </form>
    );
}

export function Tail({ query }) {
    const [isPaused, pause] = useState(false);
    const { rows, seen, missed, state } = useTail(query, isPaused);
    const isLive = state === 'live';
    return (
        <>
            <h1>Live</h1>
            <Filters query={query} />
            {state.title !== undefined && <ProblemNote problem={state} />}
            <Section title="Events as they are recorded" aside={(
                <>
                    {isLive && !isPaused && <span class="live" data-of={query.category ?? 'all'}>live</span>}
                    {!isLive && <Badge state="connecting" tone="busy" />}
                    <span class="small">{plural(seen, 'event')}{missed ? `, ${number(missed)} positions left out` : ''}</span>
                    <button type="button" aria-pressed={isPaused} onClick={() => pause(!isPaused)}>{isPaused ? 'Go on' : 'Pause'}</button>
                </>
            )}>
                {rows.length ? <Table label="Live events" columns={eventColumns} rows={rows} rowKey={(row) => row.position} empty="" />
                    : <Empty>{isLive ? 'Nothing has been recorded since this page was opened.' : 'Connecting…'}</Empty>}
            </Section>
        </>
    );
}
