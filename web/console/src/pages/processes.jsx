// processes.jsx - process managers and reactors: instances with their state, timers, commands under way, and what
// was given up.
import { useState } from 'preact/hooks';

import { instant, number, plural, until } from '../lib/format.js';
import { useAnswer } from '../lib/live.js';
import { go, href } from '../lib/route.js';
import { Action } from '../parts/action.jsx';
import { Answer, Badge, Copy, Empty, Json, Section, Time } from '../parts/basic.jsx';
import { Table } from '../parts/table.jsx';
import { StreamLink } from './streams.jsx';

const EVERY = 2000; // ms

// "process/fulfilment" leads to its page; reactors have no instances.
function ProcessLink({ name }) {
    return name.startsWith('process/') ? <a href={href(['processes', name.slice(8)])}><strong>{name}</strong></a> : <strong>{name}</strong>;
}

export const followerColumns = [
    { title: 'Process', cell: (row) => <ProcessLink name={row.name} /> },
    { title: 'State', cell: (row) => (row.stopped ? <Badge state="stopped" /> : <Badge state={row.runs_in === 'none' ? 'waiting' : 'running'} />) },
    { title: 'Lag', numeric: true, cell: (row) => number(row.lag) },
    { title: 'Commands', numeric: true, cell: (row) => number(row.commands) },
    { title: 'Timers', numeric: true, cell: (row) => number(row.timers) },
    { title: 'Parked', numeric: true, cell: (row) => (row.parked ? <Badge state={number(row.parked)} tone="bad" /> : '0') },
    { title: 'Runs in', cell: (row) => <span class="small">{row.runs_in}</span> },
    { title: 'Note', wide: true, cell: (row) => row.stopped },
];

// ---- timers ----

function MoveTimer({ timer, onDone }) {
    const [when, setWhen] = useState('1 hour');
    return (
        <Action label="Move" name={`Move ${timer.name} of ${timer.stream}`} title={`Move ${timer.name}?`} path="/admin/timers/move"
            body={{ stream: timer.stream, name: timer.name, when }} onDone={onDone} said={() => `${timer.name} of ${timer.stream} was moved: ${when}`}>
            <p>The timer of <code>{timer.stream}</code> fires then instead.</p>
            <label>When<input value={when} onInput={(event) => setWhen(event.target.value)} placeholder="30 min, 0 s, or 2026-11-30T12:00:00Z" required /></label>
        </Action>
    );
}

function CancelTimer({ timer, onDone }) {
    return (
        <Action label="Cancel timer" danger name={`Cancel timer ${timer.name} of ${timer.stream}`} title={`Cancel ${timer.name}?`} path="/admin/timers/cancel"
            body={{ stream: timer.stream, name: timer.name }} onDone={onDone} said={() => `${timer.name} of ${timer.stream} was cancelled`}>
            <p>It will not fire. The instance <code>{timer.stream}</code> goes on without it.</p>
        </Action>
    );
}

function timerColumns(onDone) {
    return [
        { title: 'Timer', cell: (row) => <strong>{row.name}</strong> },
        { title: 'Instance', cell: (row) => <InstanceLink stream={row.stream} /> },
        { title: 'Due', cell: (row) => <Time at={row.due_at} /> },
        { title: 'State', cell: (row) => <Badge state={row.state === 'due' ? 'due' : until(instant(row.due_at))} tone={row.state === 'due' ? 'busy' : 'calm'} /> },
        { title: 'Actions', cell: (row) => <div class="buttons"><MoveTimer timer={row} onDone={onDone} /><CancelTimer timer={row} onDone={onDone} /></div> },
    ];
}

function Timers({ stream, process }) {
    const answer = useAnswer('/admin/timers', { limit: 1000 }, EVERY);
    const fits = (row) => (stream ? row.stream === stream : !process || row.stream.startsWith(`${process}-`));
    return (
        <Section title="Timers">
            <Answer answer={answer}>
                {({ items }) => <Table label="Timers" columns={timerColumns(answer.reload)} rows={items.filter(fits)} rowKey={(row) => `${row.stream} ${row.name}`}
                    empty="No timer is set." />}
            </Answer>
        </Section>
    );
}

// ---- commands under way ----

const commandColumns = [
    { title: 'Command', cell: (row) => <strong>{row.command}</strong> },
    { title: 'From', cell: (row) => <InstanceLink stream={row.stream} /> },
    { title: 'To', cell: (row) => <StreamLink name={row.target} /> },
    { title: 'Sent at', numeric: true, cell: (row) => <a href={href(['events', row.position])}>{number(row.position)}</a> },
    { title: 'Failed attempts', numeric: true, cell: (row) => number(row.attempts) },
    { title: 'Why', wide: true, cell: (row) => row.problem || 'under way' },
];

function UnderWay({ stream, process }) {
    const answer = useAnswer('/admin/processes/commands', { limit: 1000 }, EVERY);
    const fits = (row) => (stream ? row.stream === stream : !process || row.name === `process/${process}`);
    return (
        <Section title="Commands under way">
            <Answer answer={answer}>
                {({ items }) => <Table label="Commands under way" columns={commandColumns} rows={items.filter(fits)} rowKey={(row) => `${row.position} ${row.target} ${row.command}`}
                    empty="Every command is delivered." />}
            </Answer>
        </Section>
    );
}

// ---- what was given up ----

function GivenUpActions({ row, onDone }) {
    const isProcess = row.name.startsWith('process/');
    const which = isProcess ? { stream: row.stream } : { position: row.position };
    const what = isProcess ? row.stream : `position ${row.position} of ${row.name}`;
    return (
        <div class="buttons">
            <Action label="Retry" name={`Retry ${what}`} title={`Try ${what} again?`} path="/admin/processes/retry" body={{ name: row.name, ...which }} onDone={onDone}
                said={() => `${row.name} will try ${what} again`}>
                <p>{row.reason}</p>
            </Action>
            {isProcess && (
                <Action label="Skip" danger name={`Skip at ${what}`} title={`Go on without position ${row.position}?`} path="/admin/processes/skip"
                    body={{ name: row.name, stream: row.stream }} onDone={onDone} said={() => `${row.stream} goes on without position ${row.position}`}>
                    <p>The instance never reacts to that event: what it would have sent is not sent.</p>
                </Action>
            )}
        </div>
    );
}

function givenUpColumns(onDone) {
    return [
        { title: 'Process', cell: (row) => row.name },
        { title: 'Position', numeric: true, cell: (row) => (row.position ? <a href={href(['events', row.position])}>{number(row.position)}</a> : '–') },
        { title: 'Type', cell: (row) => row.type },
        { title: 'Stream', cell: (row) => <StreamLink name={row.stream} /> },
        { title: 'State', cell: (row) => <Badge state={row.state} tone={row.state === 'parked' ? 'bad' : 'busy'} /> },
        { title: 'Since', cell: (row) => <Time at={row.parked_at} relative /> },
        { title: 'Reason', wide: true, cell: (row) => row.reason },
        { title: 'Actions', cell: (row) => <GivenUpActions row={row} onDone={onDone} /> },
    ];
}

function GivenUp({ stream, process }) {
    const answer = useAnswer('/admin/processes/parked', { limit: 1000 }, EVERY);
    const fits = (row) => (stream ? row.stream === stream : !process || row.name === `process/${process}`);
    return (
        <Section title="Given up" aside={answer.value?.items.length > 1 && !process && !stream && (
            <Action label="Retry all" title="Try all that was given up again?" path="/admin/processes/retry" body={{}} onDone={answer.reload}
                said={(result) => `${plural(result.tried_again, 'event')} or instances will be tried again`}>
                <p>All reactors and all instances of processes, also those that are not shown here.</p>
            </Action>
        )}>
            <Answer answer={answer}>
                {({ items }) => <Table label="Given up" columns={givenUpColumns(answer.reload)} rows={items.filter(fits)} rowKey={(row) => `${row.name} ${row.position} ${row.stream}`}
                    empty="Nothing was given up." />}
            </Answer>
        </Section>
    );
}

// ---- instances ----

function InstanceLink({ stream }) {
    const cut = stream.indexOf('-');
    return <a href={href(['processes', stream.slice(0, cut), stream.slice(cut + 1)])} title={stream}>{stream.slice(0, cut + 9)}…</a>;
}

function inputText(input) {
    if (!input) return '–';
    return input.type ?? (input.name ? `${input.kind} ${input.name}` : input.kind);
}

// The members of a state that say something, in a line.
function stateText(state) {
    return Object.entries(state ?? {}).filter(([, value]) => value !== false && value !== null && value !== '' && value !== 0)
        .map(([key, value]) => (value === true ? key : `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`)).join(', ');
}

const instanceColumns = [
    { title: 'Instance', cell: (row) => <InstanceLink stream={row.stream} /> },
    { title: 'Reactions', numeric: true, cell: (row) => number(row.version) },
    { title: 'Last reaction', cell: (row) => inputText(row.input) },
    { title: 'When', cell: (row) => <Time at={row.recorded_at} /> },
    { title: 'Timers', numeric: true, cell: (row) => number(row.timers) },
    { title: 'Commands', numeric: true, cell: (row) => number(row.commands) },
    { title: 'State', wide: true, cell: (row) => (row.parked ? <><Badge state="parked" /> {row.parked}</> : stateText(row.state)) },
];

function Instances({ process }) {
    const answer = useAnswer('/admin/processes/instances', { process, limit: 1000 }, EVERY);
    return (
        <Section title="Instances, the last that advanced first" aside={<span class="live">live</span>}>
            <Answer answer={answer}>
                {({ items }) => <Table label={process ? `Instances of ${process}` : 'Instances'} columns={instanceColumns} rows={items} rowKey={(row) => row.stream}
                    empty="No instance has advanced within the newest 100,000 positions." />}
            </Answer>
        </Section>
    );
}

function FindInstance({ process }) {
    const submit = (event) => {
        event.preventDefault();
        const id = new FormData(event.target).get('id').trim().replace(new RegExp(`^${process}-`), '');
        if (id) go(['processes', process, id]);
    };
    return (
        <form class="row" role="search" onSubmit={submit}>
            <label class="grow">Instance<input name="id" placeholder={`the id in ${process}-0199…, however old`} /></label>
            <button type="submit">Show</button>
        </form>
    );
}

export function Processes() {
    const answer = useAnswer('/admin/processes', null, EVERY);
    return (
        <>
            <h1>Processes</h1>
            <Section title="Process managers and reactors">
                <Answer answer={answer}>
                    {({ items }) => <Table label="Processes and reactors" columns={followerColumns} rows={items} rowKey={(row) => row.name}
                        empty="No process manager and no reactor has run yet." />}
                </Answer>
            </Section>
            <GivenUp />
            <UnderWay />
            <Timers />
            <Instances />
        </>
    );
}

export function Process({ name }) {
    return (
        <>
            <p class="crumbs"><a href={href(['processes'])}>Processes</a></p>
            <h1 class="name">{name}</h1>
            <FindInstance process={name} />
            <GivenUp process={name} />
            <UnderWay process={name} />
            <Timers process={name} />
            <Instances process={name} />
        </>
    );
}

export function Instance({ process, id }) {
    const stream = `${process}-${id}`;
    const answer = useAnswer('/admin/processes/instances', { stream }, EVERY);
    return (
        <>
            <p class="crumbs"><a href={href(['processes'])}>Processes</a> / <a href={href(['processes', process])}>{process}</a></p>
            <h1 class="name">{stream} <Copy text={stream} what="the instance's stream" /></h1>
            <Answer answer={answer}>
                {({ items: [row] }) => (row ? (
                    <>
                        <dl class="facts">
                            <div><dt>Reactions</dt><dd><a href={href(['streams', stream])}>{number(row.version)}</a></dd></div>
                            <div><dt>Last reaction</dt><dd>{inputText(row.input)}, <a href={href(['events', row.position])}>position {number(row.position)}</a></dd></div>
                            <div><dt>When</dt><dd><Time at={row.recorded_at} relative /></dd></div>
                        </dl>
                        <Section title="State"><Json value={row.state} what="the state" /></Section>
                    </>
                ) : <Empty>There is no instance {stream}.</Empty>)}
            </Answer>
            <GivenUp stream={stream} />
            <UnderWay stream={stream} />
            <Timers stream={stream} />
        </>
    );
}
