// tree.js - where the nodes of a tree are drawn: a column for each depth; the first child is beside its parent, the
// others below. Nodes come in the order in which a tree is printed.
export function layOut(nodes) {
    const byNumber = new Map();
    const placed = [];
    let rows = 0;
    for (const node of nodes) {
        const parent = byNumber.get(node.parent) ?? null;
        const isFirst = parent && parent.children.length === 0;
        const one = { node, parent, children: [], column: parent ? parent.column + 1 : 0, row: isFirst ? parent.row : rows };
        rows = Math.max(rows, one.row + 1);
        parent?.children.push(one);
        byNumber.set(node.node, one);
        placed.push(one);
    }
    return { placed, rows, columns: Math.max(0, ...placed.map((one) => one.column + 1)) };
}

// Where an arrow leads: left to the cause, right to the first consequence, up and down within a column.
export function walk(placed, from, key) {
    const inColumn = placed.filter((one) => one.column === from.column);
    const at = inColumn.indexOf(from);
    switch (key) {
    case 'ArrowLeft': return from.parent;
    case 'ArrowRight': return from.children[0];
    case 'ArrowUp': return inColumn[at - 1];
    case 'ArrowDown': return inColumn[at + 1];
    case 'Home': return placed[0];
    case 'End': return placed.at(-1);
    default: return undefined;
    }
}
