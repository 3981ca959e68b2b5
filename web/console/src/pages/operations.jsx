// operations.jsx - what operators did, and who.
import { number, shortName } from '../lib/format.js';
import { useAnswer } from '../lib/live.js';
import { go, href } from '../lib/route.js';
import { Answer, Badge, Copy, Json, Section, Time } from '../parts/basic.jsx';
import { Table } from '../parts/table.jsx';

const actions = ['retry-parked', 'skip-parked', 'rebuild', 'accept-rebuild', 'cancel-rebuild', 'roll-back', 'withdraw-rollback', 'retry-processes',
    'skip-instance', 'move-timer', 'cancel-timer', 'retry-dead-letters', 'verify', 'cancel-verification', 'amend', 'recover'];

function short(value) {
    const { read_model: readModel, ...others } = value ?? {};
    return Object.entries({ ...(readModel && { 'read model': readModel }), ...others }).filter(([, one]) => one !== null).map(([key, one]) => `${key} ${typeof one === 'object' ? JSON.stringify(one) : one}`).join(', ');
}

const columns = [
    { title: 'Position', numeric: true, cell: (row) => <a href={href(['events', row.position])}>{number(row.position)}</a> },
    { title: 'Action', cell: (row) => <a href={href(['operations', row.operation])}><strong class="whole">{row.action}</strong></a> },
    { title: 'State', cell: (row) => <Badge state={row.state} /> },
    { title: 'By', cell: (row) => <span title={row.by}>{row.by ? shortName(row.by) : '–'}{row.for ? ` for ${row.for}` : ''}</span> },
    { title: 'What', wide: true, cell: (row) => short(row.arguments) },
    { title: 'When', cell: (row) => <Time at={row.recorded_at} /> },
];

export function Operations({ query }) {
    const answer = useAnswer('/admin/operations', { action: query.action, by: query.by, limit: 1000 }, 3000);
    const submit = (event) => {
        event.preventDefault();
        const form = new FormData(event.target);
        go(['operations'], { action: form.get('action'), by: form.get('by').trim() });
    };
    return (
        <>
            <h1>Operations</h1>
            <form class="row" onSubmit={submit} key={JSON.stringify(query)}>
                <label>Action
                    <select name="action" defaultValue={query.action ?? ''}>
                        <option value="">all</option>
                        {actions.map((one) => <option key={one} value={one} selected={query.action === one}>{one}</option>)}
                    </select>
                </label>
                <label>By<input name="by" defaultValue={query.by} placeholder="a subject" /></label>
                <button type="submit">Filter</button>
                <a class="button" href={href(['operations'])}>Clear</a>
            </form>
            <Section title="What operators did">
                <Answer answer={answer}>
                    {(value) => <Table label="Operations" columns={columns} rows={value.items} rowKey={(row) => row.operation ?? row.position}
                        empty={query.action || query.by ? 'No operation matches.' : 'No operator has done anything yet.'} />}
                </Answer>
            </Section>
        </>
    );
}

export function Operation({ id }) {
    const answer = useAnswer(`/admin/operations/${encodeURIComponent(id)}`);
    return (
        <>
            <p class="crumbs"><a href={href(['operations'])}>Operations</a></p>
            <h1 class="name">{answer.value?.action ?? 'Operation'} {answer.value && <Badge state={answer.value.state} />}</h1>
            <Answer answer={answer}>
                {(value) => (
                    <>
                        <dl class="facts">
                            <div><dt>By</dt><dd>{value.by ?? '–'}</dd></div>
                            {value.issuer && <div><dt>Issuer</dt><dd>{value.issuer}</dd></div>}
                            <div><dt>When</dt><dd><Time at={value.recorded_at} relative /></dd></div>
                            <div><dt>Position</dt><dd><a href={href(['events', value.position])}>{number(value.position)}</a></dd></div>
                            <div><dt>Operation</dt><dd><code>{id}</code> <Copy text={id} what="the operation's id" /></dd></div>
                            <div><dt>Stream</dt><dd><a href={href(['streams', `cairn_operation-${id}`])}>its events</a></dd></div>
                        </dl>
                        <div class="columns">
                            <Section title="What was asked"><Json value={value.arguments} what="the arguments" /></Section>
                            <Section title="What came of it"><Json value={value.problem ?? value.result} what="the result" /></Section>
                        </div>
                    </>
                )}
            </Answer>
        </>
    );
}
