/* registry.h - how a handler becomes known to what it belongs to: by being defined.
 *
 * CAIRN_PROJECTION, CAIRN_PROCESS, CAIRN_REACTOR, CAIRN_CONSUMER and CAIRN_FACT each declare a list
 * that is empty; each handler that is defined after it in the same file (CAIRN_ON, CAIRN_WHEN, …)
 * adds itself before main() begins. There is no second place that could be forgotten.
 *
 * The lists are in the order of the file, and do not change after main() has begun. */
#ifndef CAIRN_REGISTRY_H
#define CAIRN_REGISTRY_H

#include <cairn/record.h>

CAIRN_BEGIN_C

struct cairn_events;

/* The first member of each kind of handler. */
struct cairn_registered {
    struct cairn_registered *next;
    const struct cairn_events *events; /* NULL: it does not handle an event */
    const struct cairn_record *record; /* of the event */
    const char *file;                  /* where it is defined */
    int line;
};

struct cairn_handlers {
    struct cairn_registered *first;
};

/* Adds a handler to a list; called before main() only. */
void cairn_handlers_add(struct cairn_handlers *list, struct cairn_registered *handler);

/* Declares a function that runs before main(): CAIRN_BEFORE_MAIN_(name) { … } */
#define CAIRN_BEFORE_MAIN_(name)                                                                   \
    __attribute__((constructor)) static void name(void);                                           \
    static void name(void)

/* Defines the handler `name` of type `struct type` in the list `owner_handlers_`. What follows are
 * initialisers of the type. */
#define CAIRN_REGISTER_(type, owner, name, events_, record_, ...)                                  \
    static struct type name = {                                                                    \
        .handler = {.events = (events_), .record = (record_), .file = __FILE__, .line = __LINE__}, \
        __VA_ARGS__};                                                                              \
    CAIRN_BEFORE_MAIN_(name##register_)                                                            \
    {                                                                                              \
        cairn_handlers_add(&owner##_handlers_, &name.handler);                                     \
    }

CAIRN_END_C

#endif
