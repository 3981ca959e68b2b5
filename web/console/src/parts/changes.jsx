// changes.jsx - what changed, field by field: of a row, or of a stream's state.
const text = (value) => (value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value));

// changes: [{ field, from, to }]; a member that is not there is a field that was not.
export function Changes({ changes }) {
    const shown = changes.filter((one) => one.from !== undefined || one.to !== null);
    if (!shown.length) return null;
    return (
        <dl class="changes">
            {shown.map((one) => (
                <div key={one.field}>
                    <dt>{one.field}</dt>
                    <dd>{one.from !== undefined && <><del>{text(one.from)}</del>{' → '}</>}{one.to !== undefined ? <ins>{text(one.to)}</ins> : <span class="quiet">gone</span>}</dd>
                </div>
            ))}
        </dl>
    );
}

// The members of a row or a state, in a line.
export function short(value, most = 5) {
    return Object.entries(value).filter(([, one]) => one !== null).slice(0, most).map(([field, one]) => `${field} ${text(one)}`).join(', ');
}
