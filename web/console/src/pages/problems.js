// problems.js - what an operator has to know at once: what is parked, diverged, or has stopped.
import { generationOf, number, plural } from '../lib/format.js';
import { href } from '../lib/route.js';

function ofReadModel(row) {
    const { name } = generationOf(row.read_model);
    const link = href(['read-models', name]);
    const isRead = row.state === 'live' || row.state === 'serving';
    const found = [];
    if (row.state === 'diverged') found.push({ key: `${row.read_model} diverged`, text: `${row.read_model} has diverged from the log: ${row.note}`, link });
    if (row.parked > 0) found.push({ key: `${row.read_model} parked`, text: `${row.read_model}: ${plural(row.parked, 'key')} parked`, link });
    if (isRead && row.lease === 'nobody') found.push({ key: `${row.read_model} stopped`, text: `${row.read_model}: no projector runs it`, link });
    if (isRead && row.note && !row.note.startsWith('kept until')) found.push({ key: `${row.read_model} note`, text: `${row.read_model}: ${row.note}`, link });
    if (row.state === 'held') found.push({ key: `${row.read_model} held`, text: `${row.read_model} is held: ${row.note}`, link });
    return found;
}

function ofProcess(row) {
    const found = [];
    const link = href(['processes']);
    if (row.stopped) found.push({ key: `${row.name} stopped`, text: `${row.name}: ${row.stopped}`, link });
    if (row.parked > 0) found.push({ key: `${row.name} parked`, text: `${row.name}: ${number(row.parked)} parked`, link });
    if (row.runs_in === 'none') found.push({ key: `${row.name} idle`, text: `${row.name}: no process runs it`, link });
    return found;
}

function ofBus(bus) {
    const found = [];
    const link = href(['bus']);
    if (bus.unreachable) return [{ key: 'bus', text: `the bus cannot be read: ${bus.unreachable}`, link }];
    if (bus.publisher.problem) found.push({ key: 'publisher', text: `the bus: ${bus.publisher.problem}`, link });
    for (const group of bus.groups) {
        const page = href(['bus', group.group]);
        if (group.dead > 0) found.push({ key: `${group.group} dead`, text: `${group.group}: ${plural(group.dead, 'dead letter')}`, link: page });
        if (group.lost) found.push({ key: `${group.group} lost`, text: `${group.group} has lost ${group.lost}`, link: page });
    }
    return found;
}

function ofService(name) {
    return { key: `${name} gone`, text: `${name} has stopped: none of its processes is connected`, link: href(['overview']) };
}

// gone: services that ran when they were seen before.
export function findProblems(sample, gone) {
    const all = [
        ...gone.map(ofService),
        ...sample.read_models.flatMap(ofReadModel),
        ...sample.processes.flatMap(ofProcess),
        ...(sample.bus ? ofBus(sample.bus) : []),
    ];
    return [...new Map(all.map((one) => [one.key, one])).values()]; // a group reads several streams
}
