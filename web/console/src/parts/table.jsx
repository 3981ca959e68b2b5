// table.jsx - a list as a table, which shows a page of its rows at a time: a list of any length stays fast.
import { useState } from 'preact/hooks';

import { number } from '../lib/format.js';
import { Empty } from './basic.jsx';

const PAGE = 50;

function Pages({ page, count, total, onPage }) {
    const first = page * PAGE + 1;
    return (
        <nav class="pages" aria-label="Pages">
            <button type="button" disabled={page === 0} onClick={() => onPage(page - 1)}>Previous</button>
            <span>{number(first)} to {number(Math.min(total, first + PAGE - 1))} of {number(total)}</span>
            <button type="button" disabled={page + 1 >= count} onClick={() => onPage(page + 1)}>Next</button>
        </nav>
    );
}

// columns: [{ title, cell: (row) => …, numeric, wide }]; rowKey: (row) => text
export function Table({ label, columns, rows, rowKey, empty, rowClass }) {
    const [wanted, setPage] = useState(0);
    if (!rows.length) return <Empty>{empty}</Empty>;
    const count = Math.ceil(rows.length / PAGE);
    const page = Math.min(wanted, count - 1);
    const shown = rows.slice(page * PAGE, (page + 1) * PAGE);
    return (
        <>
            <div class="scroll" tabIndex={0} role="region" aria-label={label}>
                <table>
                    <thead>
                        <tr>{columns.map((c) => <th key={c.title} scope="col" class={c.numeric ? 'numeric' : ''}>{c.title}</th>)}</tr>
                    </thead>
                    <tbody>
                        {shown.map((row) => (
                            <tr key={rowKey(row)} class={rowClass?.(row) ?? ''}>
                                {columns.map((c) => (
                                    <td key={c.title} data-title={c.title} class={`${c.numeric ? 'numeric' : ''} ${c.wide ? 'wide' : ''}`}>{c.cell(row)}</td>
                                ))}
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            {count > 1 && <Pages page={page} count={count} total={rows.length} onPage={setPage} />}
        </>
    );
}
