// chart.jsx - lines over the last minutes, drawn by uPlot.
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

const HEIGHT = 150;

function colours() {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    return { lines: [1, 2, 3, 4, 5, 6].map((n) => read(`--line-${n}`)), fill: read('--accent-soft'), text: read('--quiet'), grid: read('--line') };
}

const round = (value) => (value === null || value === undefined ? '–' : Math.round(value * 10) / 10);

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const clockOf = (seconds) => clock.format(new Date(seconds * 1000));

function optionsFor(names, width) {
    const { lines, fill, text, grid } = colours();
    const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
    return {
        width,
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false },
        scales: { x: { range: (u, min, max) => [Math.min(min, max - 60), max] }, y: { range: (u, min, max) => [0, Math.max(max ?? 0, 1) * 1.1] } },
        axes: [{ ...axis, space: 90, values: (u, ticks) => ticks.map(clockOf) }, { ...axis, size: 56 }],
        series: [{}, ...names.map((label, i) => ({
            label, stroke: lines[i % lines.length], width: 2, points: { show: false }, ...(names.length === 1 && { fill }),
        }))],
    };
}

// times: seconds since 1970; lines: [[name, [value or null, …]], …], as long as times; one line has no key.
export function Chart({ title, times, lines, unit }) {
    const place = useRef(null);
    const plot = useRef(null);
    const data = useRef(null);
    const names = lines.map(([name]) => name);
    data.current = [times, ...lines.map(([, values]) => values)];
    useEffect(() => {
        const draw = () => {
            plot.current?.destroy();
            plot.current = new uPlot(optionsFor(names, place.current.clientWidth), data.current, place.current);
        };
        const scheme = matchMedia('(prefers-color-scheme: dark)');
        const observer = new ResizeObserver(() => plot.current?.setSize({ width: place.current.clientWidth, height: HEIGHT }));
        draw();
        scheme.addEventListener('change', draw);
        observer.observe(place.current);
        return () => {
            observer.disconnect();
            scheme.removeEventListener('change', draw);
            plot.current?.destroy();
        };
    }, [names.join('\n')]);
    useEffect(() => plot.current?.setData(data.current), [times.at(-1)]);
    const now = lines.map(([name, values]) => `${lines.length > 1 ? `${name} ` : ''}${round(values.at(-1))}`);
    return (
        <figure class="chart">
            <figcaption>{title} {lines.length === 1 && <strong>{now[0]} {unit}</strong>}{lines.length > 1 && <span>{unit}</span>}</figcaption>
            <div ref={place} role="img" aria-label={`${title}: now ${now.join(', ') || 'unknown'} ${unit}`} />
            {lines.length > 1 && (
                <ul class="keys">{lines.map(([name, values], i) => <li key={name}><span class={`key key-${(i % 6) + 1}`} aria-hidden="true" />{name} <strong>{round(values.at(-1))}</strong></li>)}</ul>
            )}
        </figure>
    );
}
