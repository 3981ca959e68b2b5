// bus.jsx - the bus: its publisher, streams and consumer groups; the dead letters of a group.
import { number, plural } from '../lib/format.js';
import { useAnswer } from '../lib/live.js';
import { href } from '../lib/route.js';
import { Action } from '../parts/action.jsx';
import { Answer, Badge, Json, Section } from '../parts/basic.jsx';
import { Table } from '../parts/table.jsx';
import { StreamLink } from './streams.jsx';

const EVERY = 2000; // ms

export const groupColumns = [
    { title: 'Group', cell: (row) => <a href={href(['bus', row.group])}>{row.group}</a> },
    { title: 'Stream', cell: (row) => row.category },
    { title: 'Members', numeric: true, cell: (row) => number(row.members) },
    { title: 'Position', numeric: true, cell: (row) => number(row.position) },
    { title: 'Lag', numeric: true, cell: (row) => number(row.lag) },
    { title: 'Pending', numeric: true, cell: (row) => number(row.pending) },
    { title: 'Dead', numeric: true, cell: (row) => (row.dead ? <Badge state={number(row.dead)} tone="bad" /> : '0') },
    { title: 'Lost', cell: (row) => row.lost || '–' },
];

const streamColumns = [
    { title: 'Stream', cell: (row) => <strong>{row.category}</strong> },
    { title: 'Entries', numeric: true, cell: (row) => number(row.entries) },
    { title: 'First position', numeric: true, cell: (row) => number(row.first) },
    { title: 'Last position', numeric: true, cell: (row) => number(row.last) },
    { title: 'Trimmed up to', numeric: true, cell: (row) => number(row.trimmed_to) },
];

function Publisher({ publisher }) {
    return (
        <dl class="facts">
            <div><dt>Publisher</dt><dd>{publisher.publisher}</dd></div>
            <div><dt>Position</dt><dd>{number(publisher.position)} of {number(publisher.head)}</dd></div>
            <div><dt>Lag</dt><dd>{number(publisher.lag)}</dd></div>
            <div><dt>Epoch</dt><dd>{number(publisher.epoch)}</dd></div>
            {publisher.problem && <div><dt>Problem</dt><dd>{publisher.problem}</dd></div>}
        </dl>
    );
}

export function Bus() {
    const answer = useAnswer('/admin/bus', null, EVERY);
    return (
        <>
            <h1>Bus</h1>
            <Answer answer={answer}>
                {({ publisher, streams, groups }) => (
                    <>
                        <Publisher publisher={publisher} />
                        <Section title="Consumer groups">
                            <Table label="Groups of the bus" columns={groupColumns} rows={groups} rowKey={(row) => `${row.group} ${row.category}`}
                                empty="No consumer group reads the bus yet." />
                        </Section>
                        <Section title="Streams">
                            <Table label="Streams of the bus" columns={streamColumns} rows={streams} rowKey={(row) => row.category} empty="Nothing was published yet." />
                        </Section>
                    </>
                )}
            </Answer>
        </>
    );
}

// ---- a group ----

// A letter's event is a CloudEvent, as text; one that is no JSON is shown as it is.
function cloudEvent(text) {
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}

function Letter({ group, letter, onDone }) {
    const event = cloudEvent(letter.event);
    return (
        <li>
            <div class="entry">
                <header>
                    <h2>{event.type ?? 'An entry'}</h2>
                    {event.subject && <StreamLink name={event.subject} />}
                    <span class="quiet">{plural(Number(letter.attempts), 'attempt')}</span>
                    <div class="buttons">
                        <Action label="Retry" name={`Retry letter ${letter.id}`} title={`Deliver ${event.type ?? letter.id} again?`} path="/admin/bus/retry"
                            body={{ group, id: letter.id }} onDone={onDone} said={(result) => `${plural(result.handed_out, 'dead letter')} of ${group} delivered again`}>
                            <p>{group} handles it out of order: later events of the stream were handled before.</p>
                        </Action>
                    </div>
                </header>
                <p class="reason">{letter.error}</p>
                <details>
                    <summary>The event</summary>
                    <Json value={event} what={`the event of letter ${letter.id}`} />
                </details>
            </div>
        </li>
    );
}

export function Group({ name }) {
    const bus = useAnswer('/admin/bus', null, EVERY);
    const dead = useAnswer(`/admin/bus/dead/${encodeURIComponent(name)}`, { limit: 100 }, EVERY);
    return (
        <>
            <p class="crumbs"><a href={href(['bus'])}>Bus</a></p>
            <h1 class="name">{name}</h1>
            <Section title="Streams of the group">
                <Answer answer={bus}>
                    {({ groups }) => <Table label={`Streams of ${name}`} columns={groupColumns} rows={groups.filter((row) => row.group === name)} rowKey={(row) => row.category}
                        empty={`There is no group ${name}.`} />}
                </Answer>
            </Section>
            <Section title="Dead letters, the newest first" aside={dead.value?.items.length > 1 && (
                <Action label="Retry all" title={`Deliver all dead letters of ${name} again?`} path="/admin/bus/retry" body={{ group: name }} onDone={dead.reload}
                    said={(result) => `${plural(result.handed_out, 'dead letter')} of ${name} delivered again`}>
                    <p>Also those that are not shown here.</p>
                </Action>
            )}>
                <Answer answer={dead}>
                    {({ items }) => (items.length
                        ? <ol class="letters" aria-label="Dead letters">{items.map((letter) => <Letter key={letter.id} group={name} letter={letter} onDone={dead.reload} />)}</ol>
                        : <p class="empty">No letter is dead.</p>)}
                </Answer>
            </Section>
        </>
    );
}
