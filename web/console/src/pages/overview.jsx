// overview.jsx - how the system is, kept fresh: the log, read models, processes, the bus.
import { useEffect, useState } from 'preact/hooks';

import { generationOf, noteOf, number } from '../lib/format.js';
import { useAnswer } from '../lib/live.js';
import { href } from '../lib/route.js';
import { Answer, Badge, Copy, Section } from '../parts/basic.jsx';
import { Chart } from '../parts/chart.jsx';
import { Table } from '../parts/table.jsx';
import { groupColumns } from './bus.jsx';
import { findProblems } from './problems.js';
import { followerColumns } from './processes.jsx';

const KEPT = 300; // samples of the charts
const history = { heads: [], rates: [], lags: [] }; // kept while other pages are looked at

// Adds what was seen now to the charts' points.
function note(status) {
    const now = Date.now() / 1000;
    const last = history.heads.at(-1);
    const head = status.store.head;
    const lag = Math.max(0, ...status.read_models.filter((row) => row.state === 'live').map((row) => row.lag ?? 0));
    if (last && now - last[0] < 0.5) return;
    if (last) history.rates = [...history.rates, [now, Math.max(0, head - last[1]) / (now - last[0])]].slice(-KEPT);
    history.lags = [...history.lags, [now, lag]].slice(-KEPT);
    history.heads = [...history.heads, [now, head]].slice(-KEPT);
}

function Banner({ problems }) {
    if (!problems.length) return null;
    return (
        <div class="note bad banner" role="alert">
            <strong>{problems.length === 1 ? 'One thing needs' : `${problems.length} things need`} attention</strong>
            <ul>{problems.slice(0, 8).map((one) => <li key={one.key}><a href={one.link}>{one.text}</a></li>)}</ul>
            {problems.length > 8 && <p>and {problems.length - 8} more, below</p>}
        </div>
    );
}

function Figure({ label, children }) {
    return <div class="figure"><dt>{label}</dt><dd>{children}</dd></div>;
}

function Store({ store }) {
    const rate = history.rates.at(-1)?.[1] ?? 0;
    return (
        <dl class="figures">
            <Figure label="Head of the log">{store.head ? <a href={href(['events', store.head])}>{number(store.head)}</a> : 0}</Figure>
            <Figure label="Appends a second">{number(Math.round(rate * 10) / 10)}</Figure>
            <Figure label="Epoch">{store.epoch}</Figure>
            <Figure label="Append lock"><span class="small">{store.append_lock}</span></Figure>
            <Figure label="Store"><span class="small"><code>{store.store.slice(0, 8)}…</code> <Copy text={store.store} what="the store's id" /></span></Figure>
        </dl>
    );
}

function lagText(row) {
    if (row.lag === null) return '–';
    return row.lag_s > 0 ? `${number(row.lag)} · ${row.lag_s} s` : number(row.lag);
}

const readModelColumns = [
    { title: 'Read model', cell: (row) => <a href={href(['read-models', generationOf(row.read_model).name])}>{row.read_model}</a> },
    { title: 'State', cell: (row) => <Badge state={row.state} /> },
    { title: 'Lag', numeric: true, cell: lagText },
    { title: 'Per second', numeric: true, cell: (row) => number(row.per_s) },
    { title: 'Parked', numeric: true, cell: (row) => (row.parked ? <Badge state={number(row.parked)} tone="bad" /> : '0') },
    { title: 'Runs in', cell: (row) => <span class="small">{row.lease}</span> },
    { title: 'Note', wide: true, cell: (row) => noteOf(row.note) },
];

function Bus({ bus }) {
    const { publisher, streams, groups } = bus;
    return (
        <>
            <p class="small">
                Publisher: {publisher.publisher} · lag {number(publisher.lag)} · {number(streams.length)} streams with{' '}
                {number(streams.reduce((sum, one) => sum + one.entries, 0))} entries
            </p>
            <Table label="Groups of the bus" columns={groupColumns} rows={groups} rowKey={(row) => `${row.group} ${row.category}`}
                empty="No consumer group reads the bus yet." />
        </>
    );
}

export function Overview() {
    const status = useAnswer('/admin/status', null, 1500);
    const processes = useAnswer('/admin/processes', null, 4000);
    const bus = useAnswer('/admin/bus', null, 4000);
    const [, setSeen] = useState(0);
    useEffect(() => {
        if (!status.value) return;
        note(status.value);
        setSeen((count) => count + 1);
    }, [status.value]);
    return (
        <>
            <h1>Overview</h1>
            <Banner problems={findProblems(status.value, processes.value, bus.value)} />
            <Answer answer={status}>{(value) => <Store store={value.store} />}</Answer>
            <div class="charts">
                <Chart title="Appends" unit="a second" points={history.rates} />
                <Chart title="Largest lag of a live read model" unit="events" points={history.lags} />
            </div>
            <Section title="Read models">
                <Answer answer={status}>
                    {(value) => <Table label="Read models" columns={readModelColumns} rows={value.read_models} rowKey={(row) => row.read_model}
                        empty="There is no read model yet: a projector makes them when it starts." />}
                </Answer>
            </Section>
            <Section title="Processes and reactors">
                <Answer answer={processes}>
                    {(value) => <Table label="Processes and reactors" columns={followerColumns} rows={value.items} rowKey={(row) => row.name}
                        empty="No process manager and no reactor has run yet." />}
                </Answer>
            </Section>
            <Section title="Bus"><Answer answer={bus}>{(value) => <Bus bus={value} />}</Answer></Section>
        </>
    );
}
