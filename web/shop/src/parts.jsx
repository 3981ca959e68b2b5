// parts.jsx - the small parts of all pages: problems, waiting, states of an order, buttons that are busy.
import { useState } from 'preact/hooks';

export function ProblemNote({ problem, title }) {
    return (
        <div class="note bad" role="alert">
            <strong>{title ?? problem.title ?? 'That did not work'}</strong>
            {problem.detail && <p>{problem.detail}</p>}
            {problem.errors?.length > 0 && (
                <ul>{problem.errors.map((one) => <li key={one.pointer}>{[one.pointer, one.detail].filter(Boolean).join(': ')}</li>)}</ul>
            )}
        </div>
    );
}

export function Loading() {
    return <p class="quiet" role="status">Loading…</p>;
}

const states = {
    placed: ['waiting', 'Waiting for payment'],
    paid: ['good', 'Paid'],
    shipped: ['good', 'Shipped'],
    cancelled: ['bad', 'Cancelled'],
};

export function Status({ status }) {
    const [tone, text] = states[status] ?? ['waiting', status];
    return <span class={`badge ${tone}`}>{text}</span>;
}

// A form that does one thing at a time, and shows what was wrong with it.
export function ActionForm({ act, label, busyLabel, kind = 'primary', children, problemTitle }) {
    const [state, setState] = useState({ isBusy: false, problem: null });
    const submit = async (event) => {
        event.preventDefault();
        if (state.isBusy) return;
        setState({ isBusy: true, problem: null });
        try {
            await act(new FormData(event.target));
            setState({ isBusy: false, problem: null });
        } catch (problem) {
            setState({ isBusy: false, problem });
        }
    };
    return (
        <form onSubmit={submit}>
            {children}
            {state.problem && <ProblemNote problem={state.problem} title={problemTitle?.(state.problem)} />}
            <button type="submit" class={kind} aria-disabled={state.isBusy}>{state.isBusy ? busyLabel : label}</button>
        </form>
    );
}
