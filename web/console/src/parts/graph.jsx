// graph.jsx - what a request has caused, as a picture: command -> event -> reaction -> command …, that can be walked
// with the arrow keys; Enter opens what is marked.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { duration, instant, number } from '../lib/format.js';
import { useAnswer } from '../lib/live.js';
import { go, href } from '../lib/route.js';
import { layOut, walk } from '../lib/tree.js';
import { Answer, Badge, Time } from './basic.jsx';

const HEIGHT = 48;
const STEP = 64; // from row to row
const GAP = 40; // between columns
const EDGE = 12;

const nameOf = (node) => node.name ?? node.kind;
const kindOf = (node) => `${node.kind}${node.position ? ` · ${number(node.position)}` : ''}`;

// Boxes are as wide as the longest name.
function measure(placed) {
    const width = Math.max(150, ...placed.map((one) => Math.ceil(Math.max(nameOf(one.node).length * 8, kindOf(one.node).length * 6.6)) + 26));
    return { width, x: (one) => EDGE + one.column * (width + GAP), y: (one) => EDGE + one.row * STEP };
}

// Where a node leads; NULL: nowhere.
function placeOf(node) {
    if (node.position) return ['events', node.position];
    if (node.kind === 'row' || node.kind === 'parked row') return ['read-models', node.name, node.key];
    if (node.stream) return ['streams', node.stream];
    return null;
}

function sayOf({ node, parent, children }) {
    return [`${kindOf(node)} ${nameOf(node)}`, node.state, parent && `caused by ${parent.node.kind} ${parent.node.name ?? ''}`,
        children.length ? `${children.length} below` : 'nothing below'].filter(Boolean).join(', ');
}

function Edge({ one, size }) {
    const from = { x: size.x(one.parent) + size.width, y: size.y(one.parent) + HEIGHT / 2 };
    const to = { x: size.x(one), y: size.y(one) + HEIGHT / 2 };
    const middle = (from.x + to.x) / 2;
    return <path class="edge" d={`M${from.x} ${from.y} C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`} />;
}

function Node({ one, size, isMarked, isHere, onMark }) {
    const { node } = one;
    const place = placeOf(node);
    return (
        <g class={`node ${node.kind.replace(' ', '-')} ${isHere ? 'here' : ''}`} role="treeitem" aria-level={one.column + 1} aria-selected={isMarked}
            aria-label={`${sayOf(one)}${isHere ? ', this event' : ''}`} tabIndex={isMarked ? 0 : -1} data-node={node.node}
            transform={`translate(${size.x(one)} ${size.y(one)})`} onFocus={() => onMark(one)} onClick={() => onMark(one)}
            onDblClick={() => place && go(place)}>
            <rect width={size.width} height={HEIGHT} rx="9" />
            <text x="12" y="20" class="kind">{`${kindOf(node)} `}</text>
            <text x="12" y="37">{nameOf(node)}</text>
        </g>
    );
}

function Details({ one }) {
    const { node } = one;
    const place = placeOf(node);
    return (
        <div class="details" aria-live="polite">
            <p>
                <strong>{node.kind} {node.name}</strong> {node.state && <Badge state={node.state} tone="calm" />}{' '}
                {place && <a href={href(place)}>Open</a>}
            </p>
            <dl>
                {node.stream && <div><dt>Stream</dt><dd><a href={href(['streams', node.stream])}>{node.stream}</a>{node.version ? `, version ${node.version}` : ''}</dd></div>}
                {node.key && <div><dt>Key</dt><dd>{node.key}</dd></div>}
                {node.input && <div><dt>Reacts to</dt><dd>{node.input}</dd></div>}
                {node.actor && <div><dt>Who</dt><dd>{node.actor}</dd></div>}
                {node.service && <div><dt>Service</dt><dd>{node.service}</dd></div>}
                {node.after_us !== undefined && <div><dt>After its cause</dt><dd>{node.after_us < 10000 ? `${number(Math.round(node.after_us / 10) / 100)} ms` : duration(Math.round(node.after_us / 1000))}</dd></div>}
                {node.at && instant(node.at) && <div><dt>When</dt><dd><Time at={node.at} /></dd></div>}
                {node.note && <div><dt>Note</dt><dd>{node.note}</dd></div>}
            </dl>
        </div>
    );
}

function Picture({ nodes, position }) {
    const { placed, rows, columns, size } = useMemo(() => {
        const laid = layOut(nodes);
        return { ...laid, size: measure(laid.placed) };
    }, [nodes]);
    const here = placed.find((one) => position && one.node.position === position && one.node.kind !== 'command') ?? placed[0];
    const [wanted, setMarked] = useState(null);
    const marked = placed.find((one) => one.node.node === wanted) ?? here;
    const picture = useRef(null);
    useEffect(() => {
        const box = picture.current;
        box.scrollLeft = size.x(here) + size.width / 2 - box.clientWidth / 2;
        box.scrollTop = size.y(here) + HEIGHT / 2 - box.clientHeight / 2;
    }, [here]);
    const onKey = (event) => {
        const place = event.key === 'Enter' ? placeOf(marked.node) : null;
        if (place) go(place);
        const next = walk(placed, marked, event.key);
        if (!next) return;
        event.preventDefault();
        setMarked(next.node.node);
        picture.current.querySelector(`[data-node="${next.node.node}"]`).focus();
    };
    const width = columns * (size.width + GAP) - GAP + 2 * EDGE;
    const height = rows * STEP + EDGE;
    return (
        <>
            <div class="graph" ref={picture} tabIndex={0} role="region" aria-label="Picture of causes">
                <svg role="tree" aria-label="What the request has caused" width={width} height={height} viewBox={`0 0 ${width} ${height}`} onKeyDown={onKey}>
                    <g role="presentation">{placed.filter((one) => one.parent).map((one) => <Edge key={one.node.node} one={one} size={size} />)}</g>
                    {placed.map((one) => <Node key={one.node.node} one={one} size={size} isMarked={one === marked} isHere={one === here && Boolean(position)} onMark={(it) => setMarked(it.node.node)} />)}
                </svg>
            </div>
            <Details one={marked} />
        </>
    );
}

// id: as `cairn trace` takes it; position: of the event that is looked at.
export function Graph({ id, position }) {
    const answer = useAnswer(`/admin/trace/${encodeURIComponent(id)}`, { limit: 300 });
    return (
        <Answer answer={answer}>
            {({ items, sum }) => (
                <>
                    {items.length > 0 && <Picture nodes={items} position={position} />}
                    {sum.more && <p class="small">There is more: the first {number(sum.events)} events are shown.</p>}
                    {sum.notes.map((note) => <p key={note} class="small">{note}</p>)}
                </>
            )}
        </Answer>
    );
}
