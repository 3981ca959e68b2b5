// action.jsx - a button that does something: it asks for confirmation, sends the request, and says what was done.
import { createContext } from 'preact';
import { useContext, useRef, useState } from 'preact/hooks';

import { act } from '../lib/api.js';
import { number } from '../lib/format.js';
import { href } from '../lib/route.js';
import { ProblemNote } from './basic.jsx';

// Who looks, and where it is said what was done.
export const Person = createContext({ mayAct: false, say: () => {} });

// What was done, and where it is recorded.
export function Done({ done, onClose }) {
    return (
        <div class="note good" role="status">
            <strong>{done.said}</strong>
            <p>
                Recorded at position <a href={href(['events', done.position])}>{number(done.position)}</a>
                {done.operation && <>, <a href={href(['operations', done.operation])}>operation {done.operation.slice(0, 8)}…</a></>}.
            </p>
            <button type="button" class="plain" onClick={onClose} aria-label="Dismiss">×</button>
        </div>
    );
}

// label: of the button; title, children: of the question; path, body: of the request; said: (result) => text.
export function Action({ label, title, path, body, said, danger, onDone, children, name }) {
    const { mayAct, say } = useContext(Person);
    const dialog = useRef(null);
    const key = useRef('');
    const [state, setState] = useState({ busy: false, error: null });
    if (!mayAct) return null;
    const ask = () => {
        key.current = crypto.randomUUID();
        setState({ busy: false, error: null });
        dialog.current.showModal();
    };
    const confirm = async (event) => {
        event.preventDefault();
        setState({ busy: true, error: null });
        try {
            const done = await act(path, body, key.current);
            dialog.current.close();
            say({ ...done, said: said(done.result) });
            onDone?.();
            setState({ busy: false, error: null });
        } catch (error) {
            setState({ busy: false, error });
        }
    };
    return (
        <>
            <button type="button" class={danger ? 'danger' : ''} onClick={ask} aria-label={name}>{label}</button>
            <dialog ref={dialog} aria-label={title}>
                <form onSubmit={confirm}>
                    <h2>{title}</h2>
                    <div class="question">{children}</div>
                    {state.error && <ProblemNote problem={state.error} />}
                    <div class="buttons">
                        <button type="button" onClick={() => dialog.current.close()}>Cancel</button>
                        <button type="submit" class={danger ? 'danger primary' : 'primary'} disabled={state.busy}>
                            {state.busy ? 'Working…' : label}
                        </button>
                    </div>
                </form>
            </dialog>
        </>
    );
}
