// overview.jsx - how the system is, kept fresh: the log, read models, processes, the bus.
import { generationOf, noteOf, number } from '../lib/format.js';
import { goneServices, memory, usePulse } from '../lib/pulse.js';
import { href } from '../lib/route.js';
import { Answer, Badge, Copy, Empty, ProblemNote, Section, Time } from '../parts/basic.jsx';
import { Chart } from '../parts/chart.jsx';
import { Table } from '../parts/table.jsx';
import { groupColumns } from './bus.jsx';
import { findProblems } from './problems.js';
import { followerColumns } from './processes.jsx';

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

function Store({ sample }) {
    const { store } = sample;
    return (
        <dl class="figures">
            <Figure label="Head of the log">{store.head ? <a href={href(['events', store.head])}>{number(store.head)}</a> : 0}</Figure>
            <Figure label="Appends a second">{number(Math.round(sample.appends_per_s * 10) / 10)}</Figure>
            <Figure label="The log answers in">{number(Math.round(sample.log_ms * 10) / 10)} ms</Figure>
            <Figure label="Append lock"><span class="small">{store.append_lock === 'none' ? 'free' : store.append_lock}</span></Figure>
            <Figure label="Epoch">{store.epoch}</Figure>
            <Figure label="Store"><span class="small"><code>{store.store.slice(0, 8)}…</code> <Copy text={store.store} what="the store's id" /></span></Figure>
        </dl>
    );
}

function Charts() {
    return (
        <div class="charts">
            <Chart title="Appends" unit="a second" times={memory.times} lines={[['appends', memory.appends]]} />
            <Chart title="The log answers in" unit="ms" times={memory.times} lines={[['the log', memory.answers]]} />
            <Chart title="Lag, by read model" unit="events" times={memory.times} lines={[...memory.lags]} />
            <Chart title="Behind, by read model" unit="s" times={memory.times} lines={[...memory.behind]} />
        </div>
    );
}

const serviceColumns = [
    { title: 'Service', cell: (row) => <strong>{row.service}</strong> },
    { title: 'State', cell: (row) => (row.connections ? <Badge state="running" /> : <Badge state={row.gone ? 'stopped' : 'not connected'} />) },
    { title: 'Connections', numeric: true, cell: (row) => number(row.connections) },
    { title: 'Processes with leases', cell: (row) => (row.processes.length ? <span class="small">{row.processes.map((one) => one.split(':').slice(0, 2).join(', process ')).join('; ')}</span> : '–') },
    { title: 'From', cell: (row) => row.places || '–' },
    { title: 'Since', cell: (row) => <Time at={row.since} relative /> },
];

function Services({ sample }) {
    const gone = goneServices(sample);
    const rows = sample.services.map((row) => ({ ...row, gone: gone.includes(row.service) }));
    return <Table label="Services" columns={serviceColumns} rows={rows} rowKey={(row) => row.service} empty="No service of this system uses the database." />;
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
    if (!bus) return <Empty>There is no bus: the console was started without REDIS_URL.</Empty>;
    if (bus.unreachable) return <ProblemNote problem={{ title: 'The bus cannot be read', detail: bus.unreachable }} />;
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

function Sample({ sample }) {
    return (
        <>
            <Store sample={sample} />
            <Charts />
            <Section title="Read models">
                <Table label="Read models" columns={readModelColumns} rows={sample.read_models} rowKey={(row) => row.read_model}
                    empty="There is no read model yet: a projector makes them when it starts." />
            </Section>
            <Section title="Services"><Services sample={sample} /></Section>
            <Section title="Processes and reactors">
                <Table label="Processes and reactors" columns={followerColumns} rows={sample.processes} rowKey={(row) => row.name}
                    empty="No process manager and no reactor has run yet." />
            </Section>
            <Section title="Bus"><Bus bus={sample.bus} /></Section>
        </>
    );
}

export function Overview() {
    const pulse = usePulse();
    return (
        <>
            <div class="title"><h1>Overview</h1>{pulse.value && !pulse.error && <span class="live">live</span>}</div>
            <Banner problems={pulse.value ? findProblems(pulse.value, goneServices(pulse.value)) : []} />
            <Answer answer={pulse}>{(sample) => <Sample sample={sample} />}</Answer>
        </>
    );
}
