// catalog.jsx - what the system consists of: events, commands and routes, and what handles which event.
import { useState } from 'preact/hooks';

import { useAnswer } from '../lib/live.js';
import { href } from '../lib/route.js';
import { Answer, Badge, Section } from '../parts/basic.jsx';
import { Table } from '../parts/table.jsx';

const pages = { 'read model': 'read-models', process: 'processes', consumer: 'bus' };

function HandlerLink({ kind, name }) {
    return pages[kind] ? <a href={href([pages[kind], name])}>{name}</a> : name;
}

const eventColumns = [
    { title: 'Event', cell: (row) => <a href={href(['streams'], { type: row.type, category: row.category })}><strong>{row.type}</strong></a> },
    { title: 'Version', numeric: true, cell: (row) => row.version },
    { title: 'Stream', cell: (row) => <a href={href(['streams'], { show: 'streams', category: row.category })}>{row.category}</a> },
    { title: 'Handled by', wide: true, cell: (row) => (row.handled_by.length
        ? <ul class="plain-list">{row.handled_by.map((one) => <li key={`${one.kind} ${one.name}`}><span class="quiet">{one.kind}</span> <HandlerLink {...one} /></li>)}</ul> : <span class="quiet">nothing</span>) },
    { title: 'Fields', wide: true, cell: (row) => <span class="small">{row.fields.join(', ')}</span> },
];

const routeColumns = [
    { title: 'Route', cell: (row) => (row.route ? <code>{row.route}</code> : <span class="quiet">internal</span>) },
    { title: 'What', cell: (row) => <>{row.kind}{row.name && <> <strong>{row.name}</strong></>}</> },
    { title: 'Service', cell: (row) => row.service },
    { title: 'For', cell: (row) => row.policy },
    { title: 'Help', wide: true, cell: (row) => row.help },
];

const handlerColumns = [
    { title: 'Name', cell: (row) => <strong><HandlerLink {...row} /></strong> },
    { title: 'Kind', cell: (row) => <Badge state={row.kind} /> },
    { title: 'Service', cell: (row) => row.service },
    { title: 'Version', numeric: true, cell: (row) => row.version ?? '–' },
    { title: 'Sends commands to', cell: (row) => row.sends.join(', ') || '–' },
    { title: 'Help', wide: true, cell: (row) => row.help },
];

const fits = (wanted) => (row) => !wanted || JSON.stringify(row).toLowerCase().includes(wanted.toLowerCase());

export function Catalog() {
    const answer = useAnswer('/admin/catalog');
    const [wanted, want] = useState('');
    return (
        <>
            <h1>Catalogue</h1>
            <form class="row" role="search" onSubmit={(event) => event.preventDefault()}>
                <label class="grow">Find<input value={wanted} onInput={(event) => want(event.target.value.trim())} placeholder="an event, a command, a field, a role, a service" /></label>
            </form>
            <Answer answer={answer}>
                {(value) => (
                    <>
                        <Section title="Events">
                            <Table label="Events" columns={eventColumns} rows={value.events.filter(fits(wanted))} rowKey={(row) => `${row.category} ${row.type}`} empty="No event matches." />
                        </Section>
                        <Section title="Commands and routes">
                            <Table label="Commands and routes" columns={routeColumns} rows={value.routes.filter(fits(wanted))} rowKey={(row) => `${row.service} ${row.route} ${row.name}`} empty="No route matches." />
                        </Section>
                        <Section title="What handles events">
                            <Table label="Handlers" columns={handlerColumns} rows={value.handlers.filter(fits(wanted))} rowKey={(row) => `${row.kind} ${row.name}`} empty="Nothing matches." />
                        </Section>
                        <p class="small"><code>cairn catalog</code> prints this as Markdown, with a picture.</p>
                    </>
                )}
            </Answer>
        </>
    );
}
