/* publication.h - which events a service publishes on the bus, and how much of each.
 *
 * A service that publishes names categories of streams; the process that runs it follows the log
 * and appends their events to Redis Streams, one per category and epoch (`cairn:bus:order:1`). An
 * entry has one field, `event`: a CloudEvent 1.0 in JSON, structured mode. The entry's id is the
 * event's position in the log and "-0", so publishing an event again makes no second entry, and a
 * reader knows its position.
 *
 *     static const struct cairn_publication publishes[] = {
 *         {.events = &payment_events},                                         the event
 *         {.events = &audit_events, .style = CAIRN_BUS_THIN},                  that it happened
 *         {.events = &user_events, .style = CAIRN_BUS_STATE, .state = &users_projection},
 *         {.events = NULL},
 *     };
 *     const struct cairn_service shop = {.name = "shop", .publishes = publishes};
 *
 * The style decides what consumers can learn; it is a contract that is hard to withdraw.
 *
 *     CAIRN_BUS_EVENT  `data` is the event's content, in the version it was written in
 *                      (`schemaversion`). For consumers that share the published language.
 *     CAIRN_BUS_THIN   no `data`: type, stream and position. Nothing leaks, nothing has to stay
 *                      compatible; a consumer that needs more calls the service.
 *     CAIRN_BUS_STATE  `data` is the whole state after the event, as a row of a read model; null
 *                      if the row was deleted. A consumer keeps a copy by overwriting what it has,
 *                      and needs neither queries nor the other events.
 *
 * The state is folded from the stream's own events, with the functions of the projection, so it
 * belongs to exactly that version, whatever position a projector has reached. A projection serves
 * as a state if none of its functions for this category has keys of its own (CAIRN_ON
 * alone, without CAIRN_KEYS). If an event of the stream cannot be read, it and those after it have
 * no `data` but `problem`, which says why: for consumers they are dead letters, and other streams
 * continue.
 *
 * The bus has one position for the whole log: all publications of a store are listed by one
 * service, which any number of processes may run. A second one with other publications does not
 * publish, and says so (log, /healthz, `cairn bus`).
 *
 * Attributes of a CloudEvent: `id` (the event's UUID), `source` (urn:uuid: and the store's id),
 * `type`, `subject` (the stream), `time`, and the extensions `position`, `version` (of the stream),
 * `schemaversion`, `style` and, where the event has one, `traceparent`; with `.shows_actor` also
 * `actor` and `actorissuer`, subject and issuer of the caller's token. The numbers are written as
 * strings: an Integer of CloudEvents has 32 bits.
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) */
#ifndef CAIRN_PUBLICATION_H
#define CAIRN_PUBLICATION_H

#include <cairn/projection.h>

CAIRN_BEGIN_C

enum cairn_bus_style { CAIRN_BUS_EVENT = 0, CAIRN_BUS_THIN, CAIRN_BUS_STATE };

struct cairn_publication {
    const struct cairn_events *events;
    enum cairn_bus_style style;
    const struct cairn_projection *state; /* of CAIRN_BUS_STATE */
    bool shows_actor; /* each event names its caller (cairn_caused_by): with any style */
};

CAIRN_END_C

#endif
