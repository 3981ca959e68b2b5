// rebuilds.jsx - builds of generations, with their phases and the rows that differ; switches between generations.
import { duration, noteOf, number, plural } from '../lib/format.js';
import { useAnswer } from '../lib/live.js';
import { href } from '../lib/route.js';
import { Action } from '../parts/action.jsx';
import { Answer, Badge, Section, Time } from '../parts/basic.jsx';
import { Progress } from '../parts/progress.jsx';
import { Table } from '../parts/table.jsx';

function Phase({ rebuild }) {
    return (
        <div class="phase">
            <Badge state={rebuild.phase} tone={rebuild.ended ? (rebuild.phase === 'done' ? 'good' : 'warn') : 'busy'} />
            {!rebuild.ended && <Progress done={rebuild.done} total={rebuild.total} spentMs={rebuild.spent_ms} label={`Progress of rebuild ${rebuild.rebuild}`} />}
        </div>
    );
}

function RebuildActions({ rebuild, onDone }) {
    const body = { read_model: rebuild.read_model };
    if (rebuild.ended) return null;
    return (
        <div class="buttons">
            {rebuild.phase === 'held' && (
                <Action label="Accept" title={`Switch ${rebuild.read_model} to what was built?`} path="/admin/rebuilds/accept" body={body} onDone={onDone}
                    name={`Accept rebuild ${rebuild.rebuild}`} said={(result) => `Rebuild ${result.rebuild} was accepted: queries switch to it`}>
                    <p>{rebuild.note || 'It is held.'}</p>
                </Action>
            )}
            <Action label="Cancel" danger title={`Give rebuild ${rebuild.rebuild} up?`} path="/admin/rebuilds/cancel" body={body} onDone={onDone}
                name={`Cancel rebuild ${rebuild.rebuild}`} said={(result) => `Rebuild ${result.rebuild} was cancelled`}>
                <p>What was built so far is dropped. The generation that is read stays as it is.</p>
            </Action>
        </div>
    );
}

function rebuildColumns(onDone) {
    return [
        { title: 'Rebuild', numeric: true, cell: (row) => row.rebuild },
        { title: 'Phase', cell: (row) => <Phase rebuild={row} /> },
        { title: 'Cause', cell: (row) => row.cause },
        { title: 'Generation', numeric: true, cell: (row) => row.generation || '–' },
        { title: 'Events', numeric: true, cell: (row) => number(row.events) },
        { title: 'Rows', numeric: true, cell: (row) => number(row.rows) },
        { title: 'Differences', numeric: true, cell: (row) => (row.differences < 0 ? '–' : number(row.differences)) },
        { title: 'Time', numeric: true, cell: (row) => duration(row.spent_ms) },
        { title: 'Note', wide: true, cell: (row) => noteOf(row.note) },
        { title: 'Actions', cell: (row) => <RebuildActions rebuild={row} onDone={onDone} /> },
    ];
}

// ---- rows that differ ----

const cellText = (value) => (value === null ? 'none' : typeof value === 'string' ? value : JSON.stringify(value));

function differenceColumns(name) {
    return [
        { title: 'Row', wide: true, cell: (row) => <a href={href(['read-models', name, row.key])}>{row.key}</a> },
        { title: 'Column', cell: (row) => row.column },
        { title: 'Is read', wide: true, cell: (row) => <del>{cellText(row.read)}</del> },
        { title: 'Was built', wide: true, cell: (row) => <ins>{cellText(row.new)}</ins> },
    ];
}

function Differences({ rebuild }) {
    const answer = useAnswer(`/admin/rebuilds/${rebuild.rebuild}/differences`);
    return (
        <Section title={`What rebuild ${rebuild.rebuild} differs in`} aside={<span class="small">{plural(rebuild.differences, 'row')}, some as examples</span>}>
            <Answer answer={answer}>
                {({ items }) => <Table label={`Differences of rebuild ${rebuild.rebuild}`} columns={differenceColumns(rebuild.read_model)} rows={items}
                    rowKey={(row) => `${row.key} ${row.column}`} empty="No example was kept." />}
            </Answer>
        </Section>
    );
}

export function Rebuilds({ name, answer }) {
    const compared = answer.value?.items.find((row) => row.differences > 0);
    return (
        <>
            <Section title="Rebuilds">
                <Answer answer={answer}>
                    {({ items }) => <Table label={`Rebuilds of ${name}`} columns={rebuildColumns(answer.reload)} rows={items} rowKey={(row) => row.rebuild} empty="It was never rebuilt." />}
                </Answer>
            </Section>
            {compared && <Differences key={compared.rebuild} rebuild={compared} />}
        </>
    );
}

// ---- switches ----

function stateOf(row) {
    if (row.refused) return 'refused';
    return row.done ? 'done' : 'waiting';
}

function switchColumns(onDone) {
    return [
        { title: 'Switch', numeric: true, cell: (row) => row.switch_id },
        { title: 'State', cell: (row) => <Badge state={stateOf(row)} tone={row.refused ? 'warn' : undefined} /> },
        { title: 'Cause', cell: (row) => row.cause },
        { title: 'From', cell: (row) => (row.before ? `generation ${row.before}, version ${row.before_version}` : '–') },
        { title: 'To', cell: (row) => `generation ${row.generation}, version ${row.code_version}` },
        { title: 'When', cell: (row) => <Time at={row.requested_at} relative /> },
        { title: 'Note', wide: true, cell: (row) => row.refused ?? (row.done ? '' : `waits for ${row.owner || `a projector of version ${row.code_version}`}`) },
        { title: 'Actions', cell: (row) => !row.done && !row.refused && (
            <Action label="Withdraw" title={`Withdraw switch ${row.switch_id}?`} path="/admin/rollbacks/withdraw" body={{ switch_id: row.switch_id }} onDone={onDone}
                name={`Withdraw switch ${row.switch_id}`} said={() => `Switch ${row.switch_id} was withdrawn`}>
                <p>No projector has carried it out yet. Queries stay with the generation that they read.</p>
            </Action>
        ) },
    ];
}

export function Switches({ name, every }) {
    const answer = useAnswer('/admin/rollbacks', { read_model: name, limit: 50 }, every);
    return (
        <Section title="Switches between generations">
            <Answer answer={answer}>
                {({ items }) => <Table label={`Switches of ${name}`} columns={switchColumns(answer.reload)} rows={items} rowKey={(row) => row.switch_id} empty="Queries have read one generation since the first." />}
            </Answer>
        </Section>
    );
}
