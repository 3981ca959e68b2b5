// chart.jsx - a line over the last minutes, drawn by uPlot.
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

function colours() {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    return { line: read('--accent'), fill: read('--accent-soft'), text: read('--quiet'), grid: read('--line') };
}

function optionsFor(title, width) {
    const { line, fill, text, grid } = colours();
    const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
    return {
        width,
        height: 150,
        legend: { show: false },
        cursor: { y: false },
        scales: { y: { range: (u, min, max) => [0, Math.max(max ?? 0, 1) * 1.1] } },
        axes: [{ ...axis }, { ...axis, size: 56 }],
        series: [{}, { label: title, stroke: line, fill, width: 2, points: { show: false } }],
    };
}

// points: [[seconds since 1970, value], …]
export function Chart({ title, points, unit }) {
    const place = useRef(null);
    const plot = useRef(null);
    const data = useRef(null);
    data.current = [points.map((point) => point[0]), points.map((point) => point[1])];
    useEffect(() => {
        const draw = () => {
            plot.current?.destroy();
            plot.current = new uPlot(optionsFor(title, place.current.clientWidth), data.current, place.current);
        };
        const scheme = matchMedia('(prefers-color-scheme: dark)');
        const observer = new ResizeObserver(() => plot.current?.setSize({ width: place.current.clientWidth, height: 150 }));
        draw();
        scheme.addEventListener('change', draw);
        observer.observe(place.current);
        return () => {
            observer.disconnect();
            scheme.removeEventListener('change', draw);
            plot.current?.destroy();
        };
    }, [title]);
    useEffect(() => plot.current?.setData(data.current), [points]);
    const last = points.length ? points[points.length - 1][1] : 0;
    return (
        <figure class="chart">
            <figcaption>{title} <strong>{Math.round(last * 10) / 10} {unit}</strong></figcaption>
            <div ref={place} role="img" aria-label={`${title}: now ${Math.round(last * 10) / 10} ${unit}`} />
        </figure>
    );
}
