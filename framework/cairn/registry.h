/* registry.h - how a handler becomes known to what it belongs to: by being defined.
 *
 * CAIRN_PROJECTION, CAIRN_PROCESS, CAIRN_REACTOR, CAIRN_CONSUMER and CAIRN_FACT each declare a list
 * that is empty; each handler that is defined after it in the same file (CAIRN_ON, CAIRN_WHEN, …)
 * adds itself before main() begins. There is no second place that could be forgotten.
 *
 * The lists are in the order of the file, and do not change after main() has begun.
 *
 * Projections, processes, reactors and consumers themselves are run by the service that lists them.
 * One that is linked and that no service of the program lists may belong to another program; if it
 * never ran on this database, and something else of its directory runs here, it was probably
 * forgotten: cairn_main() logs a warning with its place and what to write. */
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

/* What a program contains of what services list, whether or not one does. */
enum cairn_declares {
    CAIRN_DECLARES_PROJECTION = 1,
    CAIRN_DECLARES_PROCESS,
    CAIRN_DECLARES_REACTOR,
    CAIRN_DECLARES_CONSUMER,
};

struct cairn_declared {
    struct cairn_declared *next;
    enum cairn_declares kind;
    const void *what; /* a struct cairn_projection, cairn_process, cairn_reactor, cairn_consumer */
    const char *symbol; /* "order_summary_projection" */
    const char *at;     /* where it is declared: "orders.c:12" */
};

/* Adds to the list of the program; called before main() only. */
void cairn_declare(struct cairn_declared *one);
/* Returns the first of the list, which is in no particular order, or NULL. */
const struct cairn_declared *cairn_declared_first(void);

/* Adds `symbol_`, which is declared already, to the list of the program. */
#define CAIRN_DECLARE_(kind_, symbol_)                                                             \
    static struct cairn_declared symbol_##_declared_ = {                                           \
        .kind = (kind_), .what = &(symbol_), .symbol = #symbol_, .at = CAIRN_PLACE_};              \
    CAIRN_BEFORE_MAIN_(symbol_##_declare_)                                                         \
    {                                                                                              \
        cairn_declare(&symbol_##_declared_);                                                       \
    }

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
