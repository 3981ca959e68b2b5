// streams.jsx - events of the log: the newest, or those from a position or a time on; and streams by category.
import { useState } from 'preact/hooks';

import { number, shortName } from '../lib/format.js';
import { useAnswer } from '../lib/live.js';
import { go, href } from '../lib/route.js';
import { Answer, Section, Time } from '../parts/basic.jsx';
import { Table } from '../parts/table.jsx';

const COUNT = 50;

// The caller, or the service, that an event is due to.
export function Actor({ meta }) {
    const name = meta?.actor?.sub ?? meta?.actor?.service ?? meta?.service;
    return name ? <a href={href(['streams'], { subject: name })} title={`Events of ${name}`}>{shortName(String(name))}</a> : <span class="quiet">–</span>;
}

export function StreamLink({ name }) {
    const cut = name.indexOf('-');
    const text = cut < 0 ? name : `${name.slice(0, cut + 1)}${shortName(name.slice(cut + 1))}`;
    return <a href={href(['streams', name])} title={name}>{text}</a>;
}

export const eventColumns = [
    { title: 'Position', numeric: true, cell: (row) => <a href={href(['events', row.position])}>{number(row.position)}</a> },
    { title: 'Type', cell: (row) => <strong>{row.type}</strong> },
    { title: 'Stream', cell: (row) => <StreamLink name={row.stream} /> },
    { title: 'Version', numeric: true, cell: (row) => number(row.version) },
    { title: 'Who', cell: (row) => <Actor meta={row.meta} /> },
    { title: 'Recorded', cell: (row) => <Time at={row.recorded_at} /> },
];

const streamColumns = [
    { title: 'Stream', wide: true, cell: (row) => <a href={href(['streams', row.stream])}>{row.stream}</a> },
    { title: 'Version', numeric: true, cell: (row) => number(row.version) },
    { title: 'Last position', numeric: true, cell: (row) => <a href={href(['events', row.last_position])}>{number(row.last_position)}</a> },
    { title: 'Changed', cell: (row) => <Time at={row.last_at} /> },
];

// A number is a position, a UUID or a trace id leads to what a request has caused; another text with a dash is a
// stream, one without a category.
function jump(text) {
    const wanted = text.trim();
    if (/^[\d,]{1,15}$/.test(wanted)) go(['events', wanted.replaceAll(',', '')]);
    else if (/^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|00-[0-9a-f]{32}-.*)$/.test(wanted)) go(['trace', wanted]);
    else if (wanted.includes('-')) go(['streams', wanted]);
    else if (wanted) go(['streams'], { show: 'streams', category: wanted });
}

function Jump() {
    const [text, setText] = useState('');
    return (
        <form class="row" role="search" onSubmit={(event) => { event.preventDefault(); jump(text); }}>
            <label class="grow">Go to
                <input value={text} onInput={(event) => setText(event.target.value)} placeholder="a stream, such as order-0199…; a position; a category; the id of an event, a command or a trace" />
            </label>
            <button type="submit">Go</button>
        </form>
    );
}

function toInput(since) {
    if (!since) return '';
    const time = new Date(since);
    return new Date(time.getTime() - time.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

function Filters({ query }) {
    const submit = (event) => {
        event.preventDefault();
        const form = new FormData(event.target);
        const since = form.get('since');
        go(['streams'], {
            type: form.get('type').trim(),
            category: form.get('category').trim(),
            subject: form.get('subject').trim(),
            correlation: form.get('correlation').trim(),
            from: form.get('from').trim(),
            since: since && new Date(since).toISOString(),
        });
    };
    return (
        <form class="row" onSubmit={submit} key={JSON.stringify(query)}>
            <label>Type<input name="type" defaultValue={query.type} placeholder="OrderPlaced" /></label>
            <label>Category<input name="category" defaultValue={query.category} placeholder="order" /></label>
            <label>Who<input name="subject" defaultValue={query.subject} placeholder="a subject, or a service" /></label>
            <label>Correlation<input name="correlation" defaultValue={query.correlation} placeholder="of a request" /></label>
            <label>From position<input name="from" type="number" min="1" defaultValue={query.from} /></label>
            <label>Since (your time)<input name="since" type="datetime-local" step="1" defaultValue={toInput(query.since)} /></label>
            <button type="submit">Filter</button>
            <a class="button" href={href(['streams'])}>Clear</a>
        </form>
    );
}

const filtersOf = ({ type, category, subject, correlation }) => ({ type, category, subject, correlation });

// Positions have no gaps, so that the page before this one is known; with a filter it may be far.
function Steps({ query, rows }) {
    const filters = filtersOf(query);
    const isFiltered = Object.values(filters).some(Boolean);
    const first = rows[0]?.position ?? Number(query.from ?? 1);
    const last = rows.at(-1)?.position ?? first;
    const back = Math.max(1, first - (isFiltered ? 100000 : COUNT));
    return (
        <nav class="pages" aria-label="Pages of the log">
            {first > 1 ? <a class="button" href={href(['streams'], { ...filters, from: back })}>Older</a> : <span />}
            <span>{rows.length ? `${number(first)} to ${number(last)}` : ''}</span>
            <span>
                <a class="button" href={href(['streams'], { ...filters, from: last + 1 })}>Newer</a>{' '}
                <a class="button" href={href(['streams'], filters)}>Newest</a>
            </span>
        </nav>
    );
}

function Events({ query }) {
    const isNewest = !query.from && !query.since;
    const params = { from: query.from, since: query.since, ...filtersOf(query), limit: COUNT };
    const answer = useAnswer('/admin/events', params, isNewest ? 3000 : 0);
    return (
        <Section title={isNewest ? 'Newest events' : 'Events'} aside={isNewest && <span class="live">live</span>}>
            <Answer answer={answer}>
                {(value) => (
                    <>
                        <Table label="Events" columns={eventColumns} rows={isNewest ? [...value.items].reverse() : value.items} rowKey={(row) => row.position}
                            empty="No event matches within 100,000 positions." />
                        <Steps query={query} rows={value.items} />
                    </>
                )}
            </Answer>
        </Section>
    );
}

function StreamList({ query }) {
    const answer = useAnswer('/admin/streams', { category: query.category, limit: 1000 });
    return (
        <Section title={query.category ? `Streams of ${query.category}` : 'Streams, the most recently changed first'}>
            <form class="row" onSubmit={(event) => {
                event.preventDefault();
                go(['streams'], { show: 'streams', category: new FormData(event.target).get('category').trim() });
            }}>
                <label>Category<input name="category" defaultValue={query.category} placeholder="order" /></label>
                <button type="submit">Show</button>
            </form>
            <Answer answer={answer}>
                {(value) => <Table label="Streams" columns={streamColumns} rows={value.items} rowKey={(row) => row.stream}
                    empty={query.category ? `No stream of the category ${query.category} has changed within 100,000 positions.` : 'The log is empty.'} />}
            </Answer>
        </Section>
    );
}

export function Streams({ query }) {
    const list = query.show === 'streams';
    return (
        <>
            <h1>Streams</h1>
            <Jump />
            <nav class="tabs" aria-label="What is shown">
                <a href={href(['streams'])} aria-current={list ? undefined : 'page'}>Events</a>
                <a href={href(['streams'], { show: 'streams' })} aria-current={list ? 'page' : undefined}>Streams</a>
            </nav>
            {list ? <StreamList query={query} /> : <><Filters query={query} /><Events query={query} /></>}
        </>
    );
}
