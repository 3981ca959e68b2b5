// progress.jsx - how much of long work is done, and how long the rest will take at that rate.
import { duration } from '../lib/format.js';

export function Progress({ done, total, spentMs, label }) {
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const left = share > 0.02 && share < 1 ? (spentMs * (1 - share)) / share : null;
    return (
        <span class="progress">
            <progress value={share} max="1" aria-label={label} />
            <span class="small">{Math.round(share * 100)} %{left !== null ? `, about ${duration(Math.round(left))} left` : ''}</span>
        </span>
    );
}
