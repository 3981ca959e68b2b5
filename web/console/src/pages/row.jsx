// row.jsx - one row of a read model: why it is as it is, and how it was, by a slider over the events that made it.
import { useState } from 'preact/hooks';

import { number, shortName } from '../lib/format.js';
import { useAnswer } from '../lib/live.js';
import { go, href } from '../lib/route.js';
import { Answer, Badge, Copy, Empty, Json, Section, Time } from '../parts/basic.jsx';
import { Changes, short } from '../parts/changes.jsx';
import { StreamLink } from './streams.jsx';

const STEPS = 1000;
const tones = { created: 'good', changed: 'busy', deleted: 'warn', parked: 'bad', waits: 'bad', skipped: 'warn' };

function Step({ step, isLast }) {
    return (
        <li class={isLast ? 'last' : ''}>
            <div class="entry">
                <header>
                    <h3><a href={href(['events', step.position])}>{step.type}</a></h3>
                    <Badge state={step.effect} tone={tones[step.effect] ?? 'calm'} />
                    <StreamLink name={step.stream} />
                    {step.command && <span class="quiet">by {step.command}{step.actor ? ` of ${shortName(step.actor)}` : ''}</span>}
                    <Time at={step.recorded_at} />
                </header>
                <Changes changes={step.changes ?? []} />
            </div>
        </li>
    );
}

// Stops at each event that concerns the row; a state before the first is none.
function Slider({ steps, at, onMove }) {
    const index = steps.findLastIndex((step) => step.position <= at);
    const step = steps[index];
    const say = step ? `after ${step.type}, position ${number(step.position)}` : 'before its first event';
    return (
        <div class="slider">
            <label>As of
                <input type="range" min="-1" max={steps.length - 1} step="1" value={index} aria-valuetext={say} onInput={(event) => onMove(steps[Number(event.target.value)]?.position ?? steps[0].position - 1)} />
            </label>
            <span>{say}{step && <Time at={step.recorded_at} />}</span>
            {index < steps.length - 1 && <button type="button" onClick={() => onMove(steps.at(-1).position)}>Now</button>}
        </div>
    );
}

// Asks for the row as of that position: a past state never changes, so each is asked for once.
function State({ name, rowKey, at, isNow, sum }) {
    const past = useAnswer(isNow || at < 1 ? null : `/admin/read-models/${encodeURIComponent(name)}/row`, { key: rowKey, at, limit: 1 });
    if (!isNow && at < 1) return <Empty>There was no row.</Empty>;
    const show = (one) => (one.row ? <Json value={one.row} what="the row" /> : <Empty>There {isNow ? 'is' : 'was'} no row.</Empty>);
    return isNow ? show(sum) : <Answer answer={past}>{(value) => show(value.sum)}</Answer>;
}

function History({ name, rowKey, value, query }) {
    const { items: steps, sum } = value;
    const newest = steps.at(-1)?.position ?? sum.position;
    const [moved, setMoved] = useState(null);
    const at = moved ?? Number(query.at ?? newest);
    const isNow = at >= newest;
    const move = (position) => {
        setMoved(position);
        history.replaceState(null, '', href(['read-models', name, rowKey], { at: position < newest ? position : undefined }));
    };
    const until = steps.filter((step) => step.position <= at);
    return (
        <>
            {steps.length > 0 && <Slider steps={steps} at={at} onMove={move} />}
            <div class="columns">
                <Section title={isNow ? 'The row' : `The row at position ${number(at)}`} aside={sum.parked && <Badge state="parked" />}>
                    <State name={name} rowKey={rowKey} at={at} isNow={isNow} sum={sum} />
                </Section>
                <Section title="Why">
                    {sum.left_out > 0 && <p class="small">{number(sum.left_out)} earlier events are left out.</p>}
                    {until.length ? <ol class="timeline inside">{until.map((step, i) => <Step key={step.position} step={step} isLast={i === until.length - 1} />)}</ol>
                        : <Empty>No event concerns it{isNow ? '.' : ' until then.'}</Empty>}
                </Section>
            </div>
        </>
    );
}

export function Row({ name, rowKey, query }) {
    const answer = useAnswer(`/admin/read-models/${encodeURIComponent(name)}/row`, { key: rowKey, limit: STEPS });
    return (
        <>
            <p class="crumbs"><a href={href(['read-models'])}>Read models</a> / <a href={href(['read-models', name])}>{name}</a></p>
            <h1 class="name">{rowKey} <Copy text={rowKey} what="the key" /></h1>
            <Answer answer={answer}>{(value) => <History name={name} rowKey={rowKey} value={value} query={query} />}</Answer>
        </>
    );
}

// ---- the rows of a read model ----

export function Rows({ name, query }) {
    const answer = useAnswer(`/admin/read-models/${encodeURIComponent(name)}/rows`, { from: query.from, limit: 21 });
    const submit = (event) => {
        event.preventDefault();
        const key = new FormData(event.target).get('key').trim();
        if (key) go(['read-models', name, key]);
    };
    const open = (row) => href(['read-models', name, row.key]);
    return (
        <Section title="Rows">
            <form class="row" role="search" onSubmit={submit}>
                <label class="grow">Key<input name="key" placeholder="why is the row with this key as it is?" /></label>
                <button type="submit">Why</button>
            </form>
            <Answer answer={answer}>
                {({ items }) => (
                    <>
                        {items.length ? (
                            <ul class="rows" aria-label={`Rows of ${name}`}>
                                {items.slice(0, 20).map((row) => (
                                    <li key={row.key}><a href={open(row)}>{row.key}</a> {row.parked && <Badge state="parked" />}<span class="quiet">{short(row.row)}</span></li>
                                ))}
                            </ul>
                        ) : <Empty>There is no row.</Empty>}
                        {(items.length > 20 || query.from) && (
                            <nav class="pages" aria-label="Pages of rows">
                                {query.from ? <a class="button" href={href(['read-models', name])}>First</a> : <span />}
                                {items.length > 20 ? <a class="button" href={href(['read-models', name], { from: items[20].key })}>Next</a> : <span />}
                            </nav>
                        )}
                    </>
                )}
            </Answer>
        </Section>
    );
}
