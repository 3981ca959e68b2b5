/* given_events.h - appends the events that a test gives to the log of its services. */
#ifndef CAIRN_TESTKIT_GIVEN_EVENTS_H
#define CAIRN_TESTKIT_GIVEN_EVENTS_H

#include "testkit/serving/serving.h"

/* What an event is stored as. */
struct cairn_stored_as {
    const struct cairn_events *events;
    const struct cairn_event_type *type; /* NULL: none of the services knows it */
    int version;                         /* of the record's shape, which may be an older one */
};

/* Finds the event with this record: one of a decider, or one that has a handler. */
struct cairn_stored_as cairn_stored_as(const struct cairn_serving *serving,
                                       const struct cairn_record *record);

/* Appends it to the current stream, while the services run. Returns 0 or an error of append.h. */
int cairn_given_append(struct cairn_serving *serving, const struct cairn_stored_as *as,
                       const void *event, const struct cairn_record *record,
                       struct cairn_error *error) CAIRN_CHECKED;

#endif
