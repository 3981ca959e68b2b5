// commands.jsx - a command by its Idempotency-Key: whether it was carried out, and what its caller was answered.
import { number } from '../lib/format.js';
import { useAnswer } from '../lib/live.js';
import { go, href } from '../lib/route.js';
import { Answer, Copy, Empty, Json, Section, Time } from '../parts/basic.jsx';
import { Table } from '../parts/table.jsx';
import { StreamLink } from './streams.jsx';

const eventColumns = [
    { title: 'Position', numeric: true, cell: (row) => <a href={href(['events', row.position])}>{number(row.position)}</a> },
    { title: 'Type', cell: (row) => <strong>{row.type}</strong> },
    { title: 'Version', numeric: true, cell: (row) => number(row.version) },
];

function Search({ query }) {
    const submit = (event) => {
        event.preventDefault();
        go(['commands'], Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, value.trim()])));
    };
    return (
        <form class="row" role="search" onSubmit={submit} key={JSON.stringify(query)}>
            <label>Service<input name="service" defaultValue={query.service} placeholder="order" required /></label>
            <label class="grow">Idempotency-Key<input name="key" defaultValue={query.key} required /></label>
            <label>Caller's subject<input name="sub" defaultValue={query.sub} placeholder="where callers sign in" /></label>
            <label>Issuer<input name="iss" type="url" defaultValue={query.iss} /></label>
            <button type="submit">Look up</button>
        </form>
    );
}

// What the service answered, and answers to a repetition.
function answerOf(row) {
    return { stream: row.stream, version: row.version, position: row.position, events: row.events ?? [] };
}

function Command({ row, query }) {
    return (
        <>
            <dl class="facts">
                <div><dt>Outcome</dt><dd>carried out, answered {row.status}</dd></div>
                <div><dt>Stream</dt><dd>{row.stream ? <StreamLink name={row.stream} /> : '–'}</dd></div>
                <div><dt>Version after it</dt><dd>{number(row.version)}</dd></div>
                <div><dt>When</dt><dd><Time at={row.recorded_at} relative /></dd></div>
                <div><dt>Caller</dt><dd>{row.actor?.sub ?? (query.sub || '–')}</dd></div>
                <div><dt>Command</dt><dd><code>{row.command_id}</code> <Copy text={row.command_id} what="the command's id" /></dd></div>
            </dl>
            <div class="columns">
                <Section title="Events"><Table label="Events of the command" columns={eventColumns} rows={row.events ?? []} rowKey={(one) => one.position} empty="It decided that nothing happens." /></Section>
                <Section title="Answer"><Json value={answerOf(row)} what="the answer" /></Section>
            </div>
        </>
    );
}

export function Commands({ query }) {
    const asked = query.service && query.key;
    const answer = useAnswer(asked ? '/admin/commands' : null, asked && { service: query.service, key: query.key, sub: query.sub, iss: query.iss });
    return (
        <>
            <h1>Commands</h1>
            <Search query={query} />
            {!asked && <Empty>Name the service and the key that the client sent: keys belong to their caller, so where callers sign in its subject and issuer are needed, too.</Empty>}
            {asked && (
                <Answer answer={answer}>
                    {({ items }) => (items.length ? items.map((row) => <Command key={row.command_id} row={row} query={query} />)
                        : <Empty>No such command was carried out: it was never received, was refused, or its key has expired.</Empty>)}
                </Answer>
            )}
        </>
    );
}
