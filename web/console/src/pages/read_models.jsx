// read_models.jsx - read models: generations, with rebuild and roll back; parked keys.
import { useContext, useState } from 'preact/hooks';

import { generationOf, noteOf, number, plural } from '../lib/format.js';
import { useAnswer } from '../lib/live.js';
import { href } from '../lib/route.js';
import { Action, Person } from '../parts/action.jsx';
import { Answer, Badge, Copy, Empty, Section, Time } from '../parts/basic.jsx';
import { Table } from '../parts/table.jsx';
import { Rebuilds, Switches } from './rebuilds.jsx';
import { Rows } from './row.jsx';
import { Verifications } from './verifications.jsx';

const FAST = 1000; // ms

function groupByName(rows) {
    const groups = new Map();
    for (const row of rows) {
        const { name, generation } = generationOf(row.read_model);
        groups.set(name, [...(groups.get(name) ?? []), { ...row, generation }]);
    }
    return [...groups].map(([name, generations]) => ({ name, generations, live: generations.find((one) => one.state === 'live') ?? generations[0] }));
}

const columns = [
    { title: 'Read model', cell: (row) => <a href={href(['read-models', row.name])}><strong>{row.name}</strong></a> },
    { title: 'State', cell: (row) => <Badge state={row.live.state} /> },
    { title: 'Generations', numeric: true, cell: (row) => number(row.generations.length) },
    { title: 'Version', numeric: true, cell: (row) => number(row.live.code_version) },
    { title: 'Lag', numeric: true, cell: (row) => number(row.live.lag) },
    { title: 'Parked', numeric: true, cell: (row) => {
        const parked = row.generations.reduce((sum, one) => sum + one.parked, 0);
        return parked ? <Badge state={number(parked)} tone="bad" /> : '0';
    } },
    { title: 'Note', wide: true, cell: (row) => noteOf(row.live.note) },
];

export function ReadModels() {
    const answer = useAnswer('/admin/status', null, 2000);
    return (
        <>
            <h1>Read models</h1>
            <Section title="All">
                <Answer answer={answer}>
                    {(value) => <Table label="Read models" columns={columns} rows={groupByName(value.read_models)} rowKey={(row) => row.name}
                        empty="There is no read model yet: a projector makes them when it starts." />}
                </Answer>
            </Section>
        </>
    );
}

// ---- one ----

const generationColumns = [
    { title: 'Generation', numeric: true, cell: (row) => row.generation ?? 'none yet' },
    { title: 'State', cell: (row) => <Badge state={row.state} /> },
    { title: 'Version', numeric: true, cell: (row) => row.code_version },
    { title: 'Position', numeric: true, cell: (row) => number(row.position) },
    { title: 'Lag', numeric: true, cell: (row) => number(row.lag) },
    { title: 'Parked', numeric: true, cell: (row) => number(row.parked) },
    { title: 'Runs in', cell: (row) => <span class="small">{row.lease}</span> },
    { title: 'Note', wide: true, cell: (row) => noteOf(row.note) },
];

function RebuildButton({ name, onDone }) {
    const [diff, setDiff] = useState(false);
    return (
        <Action label="Rebuild" title={`Rebuild ${name}?`} path="/admin/rebuilds" body={{ read_model: name, diff }} onDone={onDone}
            said={(result) => (result.is_new === false ? `Rebuild ${result.rebuild} of ${name} was under way already` : `Rebuild ${result.rebuild} of ${name} was requested`)}>
            <p>Another generation is built from the log beside the one that is read, and queries switch to it when it is complete.</p>
            <label class="check"><input type="checkbox" checked={diff} onChange={(event) => setDiff(event.target.checked)} /> Compare its rows with those that are read, and hold it if they differ</label>
        </Action>
    );
}

function RollBackButton({ name, generations, onDone }) {
    const kept = generations.filter((one) => one.state === 'kept' || one.state === 'serving');
    const [wanted, setWanted] = useState('');
    if (!kept.length) return null;
    return (
        <Action label="Roll back" danger title={`Roll ${name} back?`} path="/admin/rollbacks" onDone={onDone}
            body={wanted ? { read_model: name, generation: Number(wanted) } : { read_model: name }}
            said={(result) => `${name} switches back to generation ${result.generation}, version ${result.code_version}`}>
            <p>Queries switch to an earlier generation, which is followed still.</p>
            <label>Generation
                <select value={wanted} onChange={(event) => setWanted(event.target.value)}>
                    <option value="">the one that was left last</option>
                    {kept.map((one) => <option key={one.generation} value={one.generation}>{one.generation} (version {one.code_version})</option>)}
                </select>
            </label>
        </Action>
    );
}

function Generations({ name, generations, reload }) {
    return (
        <Section title="Generations" aside={<><RollBackButton name={name} generations={generations} onDone={reload} /><RebuildButton name={name} onDone={reload} /></>}>
            <Table label={`Generations of ${name}`} columns={generationColumns} rows={generations} rowKey={(row) => row.generation ?? 'next'} empty="None." />
        </Section>
    );
}

function ParkedActions({ name, row, onDone }) {
    return (
        <div class="buttons">
            <Action label="Retry" title={`Apply ${row.key} again?`} path="/admin/parked/retry" body={{ read_model: name, key: row.key }} onDone={onDone}
                name={`Retry ${row.key}`} said={(result) => `${plural(result.keys, 'key')} of ${name} will be applied again: ${row.key}`}>
                <p>The projector applies the failed event of this key again, and then those that wait behind it.</p>
            </Action>
            <Action label="Skip" danger title={`Skip the event at ${row.position}?`} path="/admin/parked/skip"
                body={{ read_model: name, key: row.key, position: row.position }} onDone={onDone}
                name={`Skip ${row.key}`} said={(result) => `${plural(result.keys, 'key')} of ${name} continues without the event at ${row.position}`}>
                <p>The key continues without its failed event <strong>{row.type}</strong>. Its row will not have what the event says.</p>
            </Action>
        </div>
    );
}

function parkedColumns(name, onDone) {
    return [
        { title: 'Key', wide: true, cell: (row) => <><code>{row.key}</code> <Copy text={row.key} what="the key" /></> },
        { title: 'Event', cell: (row) => <a href={href(['events', row.position])}>{row.type ?? 'event'} at {number(row.position)}</a> },
        { title: 'Generation', numeric: true, cell: (row) => generationOf(row.read_model).generation },
        { title: 'Waiting', numeric: true, cell: (row) => number(row.waiting) },
        { title: 'Attempts', numeric: true, cell: (row) => number(row.attempts) },
        { title: 'Parked', cell: (row) => <Time at={row.parked_at} relative /> },
        { title: 'Reason', wide: true, cell: (row) => row.reason },
        { title: 'Actions', cell: (row) => <ParkedActions name={name} row={row} onDone={onDone} /> },
    ];
}

const PAGE = 50;

// The place of a row in the list: those behind it are the next page.
function placeOf(row) {
    return { generation: generationOf(row.read_model).generation, after: row.key };
}

// A page at a time is asked for, however many keys are parked. `before` are the ends of the pages before this one.
function Parked({ name, total }) {
    const { mayAct } = useContext(Person);
    const [before, setBefore] = useState([]);
    const answer = useAnswer('/admin/parked', { read_model: name, limit: PAGE + 1, ...before.at(-1) }, 2000);
    const first = before.length * PAGE + 1;
    return (
        <Section title="Parked keys" aside={mayAct && (answer.value?.items.length > 1 || before.length > 0) && (
            <Action label="Retry all" title={`Apply all parked keys of ${name} again?`} path="/admin/parked/retry" body={{ read_model: name }} onDone={answer.reload}
                said={(result) => `${plural(result.keys, 'key')} of ${name} will be applied again`}>
                <p>Also those that are not shown here.</p>
            </Action>
        )}>
            <Answer answer={answer}>
                {({ items }) => (
                    <>
                        <Table label={`Parked keys of ${name}`} columns={parkedColumns(name, answer.reload)} rows={items.slice(0, PAGE)} rowKey={(row) => `${row.read_model} ${row.key}`}
                            empty={before.length ? 'No key is parked behind these.' : 'No key is parked.'} />
                        {(before.length > 0 || items.length > PAGE) && (
                            <nav class="pages" aria-label="Pages of parked keys">
                                <button type="button" disabled={!before.length} onClick={() => setBefore(before.slice(0, -1))}>Previous</button>
                                <span>{items.length > 0 && `${number(first)} to ${number(first + Math.min(items.length, PAGE) - 1)} of ${number(total)}, by key`}</span>
                                <button type="button" disabled={items.length <= PAGE} onClick={() => setBefore([...before, placeOf(items[PAGE - 1])])}>Next</button>
                            </nav>
                        )}
                    </>
                )}
            </Answer>
        </Section>
    );
}

export function ReadModel({ name, query }) {
    const status = useAnswer('/admin/status', null, FAST);
    const rebuilds = useAnswer('/admin/rebuilds', { read_model: name, limit: 50 }, FAST);
    const own = status.value && groupByName(status.value.read_models).find((one) => one.name === name);
    return (
        <>
            <p class="crumbs"><a href={href(['read-models'])}>Read models</a></p>
            <h1 class="name">{name} <Copy text={name} what="the name" /></h1>
            <Answer answer={status}>
                {() => (own ? <Generations name={name} generations={own.generations} reload={rebuilds.reload} /> : <Empty>There is no read model {name}.</Empty>)}
            </Answer>
            <Rebuilds name={name} answer={rebuilds} />
            <Parked name={name} total={own?.generations.reduce((sum, one) => sum + one.parked, 0)} />
            <Rows name={name} query={query} />
            <Verifications name={name} every={FAST} />
            <Switches name={name} every={FAST} />
        </>
    );
}
