// verifications.jsx - whether a read model is what the log says: begun here, watched, and its differences row by row.
import { duration, number, plural } from '../lib/format.js';
import { useAnswer } from '../lib/live.js';
import { href } from '../lib/route.js';
import { Action } from '../parts/action.jsx';
import { Answer, Badge, Empty, ProblemNote, Section, Time } from '../parts/basic.jsx';
import { Progress } from '../parts/progress.jsx';
import { Table } from '../parts/table.jsx';

const path = '/admin/verifications';

function columnsOf(name) {
    return [
        { title: 'Row', wide: true, cell: (row) => <a href={href(['read-models', name, row.key])}>{row.key}</a> },
        { title: 'Store', cell: (row) => (row.store === 'redis' ? 'Redis' : 'PostgreSQL') },
        { title: 'Difference', wide: true, cell: (row) => row.difference },
        { title: 'Last touched by', cell: (row) => (row.position ? <a href={href(['events', row.position])}>{row.type || 'event'} at {number(row.position)}</a> : '–') },
    ];
}

const differ = (count) => `${number(count)} ${count === 1 ? 'differs' : 'differ'}`;

function resultText(run) {
    const copies = run.copied || run.copy_differences ? `; ${plural(run.copied, 'row')} in Redis, ${run.copy_differences ? differ(run.copy_differences) : 'none differs'}` : '';
    const parked = run.parked ? `; ${plural(run.parked, 'parked key')} left out` : '';
    return `Generation ${run.generation} at position ${number(run.position)}: ${plural(run.rows, 'row')}, ${run.differences ? differ(run.differences) : 'none differs'}${copies}${parked}.`;
}

const differs = (run) => run.differences > 0 || run.copy_differences > 0 || Boolean(run.copy_problem);

function Outcome({ run }) {
    const found = run.differences + run.copy_differences;
    return (
        <>
            <p class="small"><Badge state={differs(run) ? 'differs' : 'as the log says'} tone={differs(run) ? 'bad' : 'good'} /> {resultText(run)}</p>
            {run.copy_problem && <p class="reason">The copy could not be fully compared: {run.copy_problem}</p>}
            {run.examples.length > 0 && (
                <Table label={`Differences of ${run.read_model}`} columns={columnsOf(run.read_model)} rows={run.examples} rowKey={(row) => `${row.store} ${row.key}`} empty="" />
            )}
            {found > run.examples.length && run.examples.length > 0 && <p class="small">{number(found - run.examples.length)} more are not shown.</p>}
        </>
    );
}

function Run({ run, onDone }) {
    const isOver = run.state !== 'running';
    return (
        <li>
            <div class="entry">
                <header>
                    <Badge state={run.state} tone={run.state === 'failed' ? 'bad' : undefined} />
                    <span class="quiet"><a href={href(['operations', run.operation])}>operation {run.operation.slice(0, 8)}…</a> · {duration(run.spent_ms)}</span>
                    <Time at={run.begun_at} relative />
                </header>
                {!isOver && (
                    <div class="under-way">
                        <Progress done={run.done} total={run.total} spentMs={run.spent_ms} label={`Progress of the verification of ${run.read_model}`} />
                        <Action label="Cancel" danger name={`Cancel the verification of ${run.read_model}`} title={`End the verification of ${run.read_model}?`} path={`${path}/cancel`}
                            body={{ read_model: run.read_model }} onDone={onDone} said={() => `The verification of ${run.read_model} was cancelled`}>
                            <p>What it has compared so far is dropped. Nothing else changes.</p>
                        </Action>
                    </div>
                )}
                {run.state === 'done' && <Outcome run={run} />}
                {run.problem && isOver && <ProblemNote problem={{ title: 'It could not be verified', detail: run.problem }} />}
            </div>
        </li>
    );
}

export function Verifications({ name, every }) {
    const answer = useAnswer(path, { read_model: name }, every);
    const runs = answer.value?.items ?? [];
    return (
        <Section title="Verifications" aside={!runs.some((run) => run.state === 'running') && (
            <Action label="Verify" title={`Verify ${name}?`} path={path} body={{ read_model: name }} onDone={answer.reload} said={() => `${name} is being verified`}>
                <p>The log is folded again, with all functions of the read model, and every row is compared: in PostgreSQL and in Redis. Queries and the projector go on meanwhile.</p>
            </Action>
        )}>
            <Answer answer={answer}>
                {() => (runs.length ? <ol class="letters" aria-label={`Verifications of ${name}`}>{runs.slice(0, 5).map((run) => <Run key={run.operation} run={run} onDone={answer.reload} />)}</ol>
                    : <Empty>This console has not verified it since it was started. <a href={href(['operations'], { action: 'verify' })}>Earlier ones</a></Empty>)}
            </Answer>
        </Section>
    );
}
