// stream_state.jsx - the state of a stream, as its decider's own fold makes it: before and after an event, and at any
// version, by a slider.
import { useRef, useState } from 'preact/hooks';

import { number } from '../lib/format.js';
import { useAnswer } from '../lib/live.js';
import { href } from '../lib/route.js';
import { Answer, Empty, Json, Section, Time } from '../parts/basic.jsx';
import { Changes } from '../parts/changes.jsx';

const pathOf = (stream) => `/admin/streams/${encodeURIComponent(stream)}/state`;

// A category that no service here decides on has no state: that is said, and is no error.
function orNone(answer, children) {
    if (answer.error?.status === 404) return <Empty>{answer.error.detail}</Empty>;
    return <Answer answer={answer}>{children}</Answer>;
}

// What an event changed: a past state never changes, so it is asked for once.
export function StateAround({ stream, version }) {
    const answer = useAnswer(pathOf(stream), { version });
    return (
        <Section title="State before and after" aside={<a href={href(['streams', stream], { version })}>The stream then</a>}>
            {orNone(answer, ({ before, state, changes, by }) => (
                <>
                    <div class="inner">
                        <p class="small">{by === 'process' ? 'As the process kept it.' : 'As its decider folds the events.'} {changes.length ? 'This event changed:' : 'This event changed nothing in it.'}</p>
                        <Changes changes={changes} />
                    </div>
                    <div class="columns divided">
                        <div><h3 class="inner">Before</h3>{before ? <Json value={before} what="the state before" /> : <Empty>There was no stream.</Empty>}</div>
                        <div><h3 class="inner">After</h3><Json value={state} what="the state after" /></div>
                    </div>
                </>
            ))}
        </Section>
    );
}

function Slider({ newest, version, type, at, onMove }) {
    const say = `version ${number(version)} of ${number(newest)}, after ${type ?? 'an event'}`;
    return (
        <div class="slider inside">
            <label>As of
                <input type="range" min="1" max={newest} step="1" value={version} aria-valuetext={say} onInput={(event) => onMove(Number(event.target.value))} />
            </label>
            <span>{say}{at && <Time at={at} />}</span>
            {version < newest && <button type="button" onClick={() => onMove(newest)}>Now</button>}
        </div>
    );
}

function Then({ stream, newest, version, onMove }) {
    const answer = useAnswer(pathOf(stream), { version });
    const kept = useRef(null); // is shown until the next one is there
    kept.current = answer.value ?? kept.current;
    const { type, recorded_at: at, state, changes } = kept.current ?? {};
    return (
        <>
            {newest > 1 && <Slider newest={newest} version={version} type={type} at={at} onMove={onMove} />}
            <Answer answer={{ value: kept.current, error: answer.error }}>
                {() => <>{version > 1 && <div class="inner"><Changes changes={changes} /></div>}<Json value={state} what="the state" /></>}
            </Answer>
        </>
    );
}

// The state at a version, which the URL has if it is not the newest one.
export function StreamState({ stream, query }) {
    const answer = useAnswer(pathOf(stream), null, 3000);
    const [moved, setMoved] = useState(null);
    return (
        <Section title="State">
            {orNone(answer, ({ version: newest }) => {
                const version = Math.min(newest, moved ?? Number(query.version ?? newest));
                const move = (to) => {
                    setMoved(to < newest ? to : null);
                    history.replaceState(null, '', href(['streams', stream], { after: query.after, version: to < newest ? to : undefined }));
                };
                return <Then stream={stream} newest={newest} version={version} onMove={move} />;
            })}
        </Section>
    );
}
