// amendment.jsx - an event that cannot be read, or is wrong, is read with other data, or skipped; the log stays as it is.
import { useState } from 'preact/hooks';

import { useAnswer } from '../lib/live.js';
import { Action } from '../parts/action.jsx';
import { Badge, Section, Time } from '../parts/basic.jsx';

export function AmendAction({ event, onDone }) {
    const [skip, setSkip] = useState(false);
    const [reason, setReason] = useState('');
    const [data, setData] = useState(JSON.stringify(event.data, null, 2));
    return (
        <Action label="Amend" danger title={`Amend ${event.type} at ${event.position}?`} path="/admin/amendments"
            body={{ position: event.position, reason, ...(!skip && { data }) }} onDone={onDone}
            said={() => (skip ? `${event.type} at ${event.position} is skipped` : `${event.type} at ${event.position} is read with other data`)}>
            <p>The event stays in the log as it was written. Services and projectors read the amendment when they start again, and read models when they are rebuilt.</p>
            <label class="check"><input type="checkbox" checked={skip} onChange={(change) => setSkip(change.target.checked)} /> Skip the event instead</label>
            {!skip && <label>Data to be read<textarea rows="6" value={data} onInput={(change) => setData(change.target.value)} required /></label>}
            <label>Reason<input value={reason} onInput={(change) => setReason(change.target.value)} required /></label>
        </Action>
    );
}

// onDone: it was amended, and is to be read again.
export function Amendment({ event, onDone }) {
    const answer = useAnswer('/admin/amendments');
    const own = answer.value?.items.find((one) => one.position === event.position);
    const done = () => {
        answer.reload();
        onDone();
    };
    return (
        <Section title="Amendment" aside={<AmendAction key={event.position} event={event} onDone={done} />}>
            {own ? (
                <div class="inner">
                    <p><Badge state={own.read_as === 'skipped' ? 'skipped' : 'read with other data'} tone="warn" /> {own.reason}</p>
                    <p class="small">by {own.made_by}, <Time at={own.made_at} /></p>
                    {own.read_as !== 'skipped' && <p><code>{own.read_as}</code></p>}
                </div>
            ) : <p class="small">It is read as it was written.</p>}
        </Section>
    );
}
