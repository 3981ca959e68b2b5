/* log_face.h - the log over HTTP: which categories a service shows, and to whom.
 *
 *     static const struct cairn_log_face log_faces[] = {
 *         {.events = &order_events, .read = CAIRN_ROLE("clerk", "partner")},
 *         {.events = &rating_events, .read = CAIRN_ANYONE, .append = CAIRN_ROLE("importer")},
 *         {.events = NULL},
 *     };
 *     const struct cairn_service log_service = {.name = "log", .port = 8061, .log = log_faces};
 *
 * A category that is not listed is not there: its streams are answered 404, and its events are in
 * no answer. A row without `.append` is read only. docs/HTTP.md has the routes:
 *
 *     GET  /streams/{stream}       one stream, by version
 *     GET  /categories/{category}  the streams of a category, by position
 *     GET  /events                 all that the caller may read, by position
 *     GET  /events/{id}            one event
 *     GET  /feed, /feeds/{category}  the same as an HTTP feed (http-feeds.org)
 *     POST /streams/{stream}       appends to one stream
 *     POST /events                 appends to several streams, under conditions
 *     GET  /schemas/{type}         the JSON Schema of a type
 *
 * Events are CloudEvents 1.0 with the attributes of publication.h, in structured mode and in
 * batches; a single one in binary mode, too.
 *
 * An append asks no decider: its events are checked against their tables and the conditions that
 * the request names, and against no rule. Open it for types that no decider guards: measurements,
 * imports, what another system has decided. The types have to be declared by a service that writes
 * the category, or by this one. */
#ifndef CAIRN_LOG_FACE_H
#define CAIRN_LOG_FACE_H

#include <cairn/decider.h>
#include <cairn/policy.h>

CAIRN_BEGIN_C

struct cairn_log_face {
    const struct cairn_events *events;
    struct cairn_allow read;   /* of reading its streams; not CAIRN_OWNER */
    struct cairn_allow append; /* of appending to them; zeroed: nothing can be appended */
};

CAIRN_END_C

#endif
