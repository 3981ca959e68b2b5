// basic.jsx - the small parts of all pages: times, copying, states of loading, errors and empty lists.
import { useEffect, useState } from 'preact/hooks';

import { ago, instant, local, utc } from '../lib/format.js';

// A time in the viewer's zone, with UTC beside it.
export function Time({ at, relative }) {
    const time = instant(at);
    if (!time) return <span class="quiet">–</span>;
    return (
        <time dateTime={time.toISOString()} title={utc(time)} class="time">
            {local(time)}
            <small>{relative ? `${ago(time)} · ` : ''}{utc(time)}</small>
        </time>
    );
}

export function Copy({ text, what }) {
    const [done, setDone] = useState(false);
    useEffect(() => {
        if (!done) return undefined;
        const timer = setTimeout(() => setDone(false), 1500);
        return () => clearTimeout(timer);
    }, [done]);
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text);
            setDone(true);
        } catch {
            setDone(false);
        }
    };
    return (
        <button type="button" class="copy" onClick={copy} aria-label={`Copy ${what}`} title={`Copy ${what}`}>
            {done ? 'copied' : 'copy'}
        </button>
    );
}

export function ProblemNote({ problem }) {
    return (
        <div class="note bad" role="alert">
            <strong>{problem.title || 'That did not work'}{problem.status ? ` (${problem.status})` : ''}</strong>
            {problem.detail && problem.detail !== problem.title && <p>{problem.detail}</p>}
            {problem.errors?.length > 0 && (
                <ul>{problem.errors.map((one) => <li key={one.pointer}>{[one.pointer, one.detail].filter(Boolean).join(': ')}</li>)}</ul>
            )}
            {!problem.detail && problem.message && <p>{problem.message}</p>}
            {problem.trace && <p class="quiet">trace <code>{problem.trace}</code> <Copy text={problem.trace} what="the trace id" /></p>}
        </div>
    );
}

// Shows what there is of an answer: an error, that it is awaited, or its content.
export function Answer({ answer, children }) {
    return (
        <>
            {answer.error && <ProblemNote problem={answer.error} />}
            {answer.value ? children(answer.value) : !answer.error && <Loading />}
        </>
    );
}

export function Loading() {
    return (
        <div class="loading" role="status">
            <span class="bar" /><span class="bar" /><span class="bar" />
            <span class="hidden">Loading…</span>
        </div>
    );
}

export function Empty({ children }) {
    return <p class="empty">{children}</p>;
}

const tones = {
    live: 'good', serving: 'good', done: 'good', kept: 'calm', building: 'busy', held: 'warn', diverged: 'bad', parked: 'bad',
    failed: 'bad', begun: 'busy', cancelled: 'calm', waiting: 'busy', stopped: 'bad', running: 'good',
};

export function Badge({ state, tone }) {
    return <span class={`badge ${tone ?? tones[state] ?? 'calm'}`}>{state}</span>;
}

export function Json({ value, what }) {
    const text = JSON.stringify(value, null, 2);
    return (
        <div class="json">
            <Copy text={text} what={what} />
            <pre tabIndex={0} aria-label={what}>{text}</pre>
        </div>
    );
}

// A part of a page, with its heading.
export function Section({ title, aside, children }) {
    return (
        <section class="card">
            <header><h2>{title}</h2>{aside && <div class="aside">{aside}</div>}</header>
            {children}
        </section>
    );
}
