/* decider.h - the rules of one kind of stream, as two pure functions.
 *
 *     decide(state, command) -> events          what may happen
 *     evolve(state, event)                      what it means
 *
 * An author declares the events and the commands as tagged unions, gives each a field table
 * (record.h), lists both, and writes the two functions. Neither does I/O, reads a clock or
 * allocates; both run unchanged in the service, in a test and in a replay. Cairn loads the
 * stream, folds it with evolve, calls decide, appends the emitted events if the stream has not
 * changed meanwhile, decides again if it has, and answers over HTTP.
 *
 *     struct order_event {
 *         enum order_event_type { ORDER_PLACED = 1, ORDER_CANCELLED } type;
 *         union {
 *             struct order_placed order_placed;
 *             struct order_cancelled order_cancelled;
 *         } as;
 *     };
 *     CAIRN_EVENTS(order,
 *                  CAIRN_EVENT(order, ORDER_PLACED, order_placed, "OrderPlaced", 1),
 *                  CAIRN_EVENT(order, ORDER_CANCELLED, order_cancelled, "OrderCancelled", 1));
 *
 * Naming: a union member has the name of its struct. The category of the streams is the noun:
 * `order` makes "order-0193…".
 *
 * The compiler catches: an event or command that a switch omits (write it without `default`), a
 * union member whose type differs from its table row, a decide or evolve with another state. The
 * start of the process catches: a field table that omits a member, an enum value without a name. An
 * emitted event that is in no table fails its command as CAIRN_BUG. */
#ifndef CAIRN_DECIDER_H
#define CAIRN_DECIDER_H

#include <cairn/upcaster.h>

CAIRN_BEGIN_C

/* ---- events ---- */

enum { CAIRN_UPCASTERS_MAX = 15 };

struct cairn_event_type {
    const char *name;   /* as stored: "OrderPlaced" */
    int schema_version; /* 1, 2, 3… of the fields; stored with each event */
    int tag;            /* the value of the union's enum */
    uint32_t offset;    /* of the union's member */
    const struct cairn_record *record;
    const struct cairn_upcaster *upcasters[CAIRN_UPCASTERS_MAX]; /* one for each older version */
};

struct cairn_events {
    const char *category;
    uint32_t size;       /* of struct NOUN_event */
    uint32_t tag_offset; /* of its `type` */
    const struct cairn_event_type *types;
    uint32_t count;
};

/* One row of CAIRN_EVENTS: the noun, the enum's value, the struct, the stored name and the version
 * of its fields; and then, where that is not 1, `.upcasters` (upcaster.h). */
#define CAIRN_EVENT(noun, value, tag_, ...) CAIRN_EVENT_(noun, value, tag_, __VA_ARGS__, )
#define CAIRN_EVENT_(noun, value, tag_, stored_name, version, ...)                                 \
    {                                                                                              \
        .name = (stored_name), .schema_version = (version),                                        \
        .tag = (int)(value) + CAIRN_SAME_TYPE_(((struct noun##_event *)0)->as.tag_, struct tag_),  \
        .offset = offsetof(struct noun##_event, as.tag_), .record = &tag_##_record, __VA_ARGS__    \
    }

#define CAIRN_EVENTS(noun, ...)                                                                    \
    extern const struct cairn_events noun##_events;                                                \
    static const struct cairn_event_type noun##_event_types_[] = {__VA_ARGS__};                    \
    const struct cairn_events noun##_events = {                                                    \
        .category = #noun,                                                                         \
        .size = sizeof(struct noun##_event),                                                       \
        .tag_offset = offsetof(struct noun##_event, type),                                         \
        .types = noun##_event_types_,                                                              \
        .count = sizeof noun##_event_types_ / sizeof noun##_event_types_[0],                       \
    }

/* The metadata of an event. */
struct cairn_meta {
    const char *stream;   /* "order-0193…" */
    struct cairn_uuid id; /* the id in the stream's name */
    int64_t position;     /* in the whole log: 1, 2, 3… */
    int64_t version;      /* in its stream: 1, 2, 3… */
    struct cairn_uuid event_id;
    struct cairn_time recorded_at;
    const char *key; /* in a projection: of the row that apply is called for */
};

/* ---- facts: what a decision needs to know of other streams ---- */

/* A fact is another stream, folded into a small struct that the deciding service declares. The
 * append is accepted only if that stream has not changed in between, so an order for a user who is
 * being deactivated is refused even when both commit at the same moment.
 *
 *     struct order_customer { bool active; };
 *     static void order_customer_evolve(struct order_customer *, const struct user_event *);
 *     CAIRN_FACT(order_customer, user);
 *
 * A stream that does not exist gives the zeroed struct. A fact of long streams sets
 * `CAIRN_FACT(order_customer, user, .state_version = 1)`, and raises it as a decider does. */
struct cairn_fact {
    const char *name;
    const struct cairn_events *events;
    const struct cairn_record *state;
    void (*evolve)(void *state, const void *event);
    int state_version; /* as a decider's */
};

#define CAIRN_FACT(fact, ...) CAIRN_FACT_(fact, __VA_ARGS__, )
#define CAIRN_FACT_(fact, noun, ...)                                                               \
    static void fact##_evolve_(void *state, const void *event)                                     \
    {                                                                                              \
        fact##_evolve((struct fact *)state, (const struct noun##_event *)event);                   \
    }                                                                                              \
    static const struct cairn_fact fact##_fact = {.name = #fact,                                   \
                                                  .events = &noun##_events,                        \
                                                  .state = &fact##_record,                         \
                                                  .evolve = fact##_evolve_,                        \
                                                  __VA_ARGS__}

/* One row of a command's `.needs`: the fact, and the uuid member of the command that names its
 * stream. */
struct cairn_need {
    const struct cairn_fact *fact;
    uint32_t id_offset;
};
#define CAIRN_NEED(fact_, tag, member)                                                             \
    {                                                                                              \
        .fact = &fact_##_fact,                                                                     \
        .id_offset = offsetof(struct tag, member) +                                                \
                     (unsigned)CAIRN_SAME_TYPE_(CAIRN_MEMBER_(tag, member), struct cairn_uuid)     \
    }

/* ---- commands ---- */

enum { CAIRN_NEEDS_MAX = 4 };

struct cairn_command_type {
    const char *name;  /* "place_order" */
    const char *route; /* "POST /orders" creates; "POST /orders/{id}/ship" needs the stream */
    int tag;
    uint32_t offset;
    const struct cairn_record *record;
    struct cairn_need needs[CAIRN_NEEDS_MAX];
    const char *help; /* one line for the API's documentation */
};

struct cairn_commands {
    const char *category;
    uint32_t size;       /* of struct NOUN_command */
    uint32_t tag_offset; /* of its `type` */
    const struct cairn_command_type *types;
    uint32_t count;
};

/* One row of CAIRN_COMMANDS: (noun, the enum's value, the struct, "METHOD /path", …) and then, if
 * wanted, `.needs = {CAIRN_NEED(…)}` and `.help`. The path has at most one parameter, `{id}`; the
 * body is the command's record. A path without `{id}` creates the stream: its id is new, or given
 * by the body's member NOUN_id. That may also be a member of the command's struct: then it is a
 * uuid, and a process that sends the command need not set it. A path with `{id}` of an unknown
 * stream is answered with 404 without calling decide. */
#define CAIRN_COMMAND(noun, value, tag_, ...) CAIRN_COMMAND_(noun, value, tag_, __VA_ARGS__, )
#define CAIRN_COMMAND_(noun, value, tag_, route_, ...)                                             \
    {                                                                                              \
        .name = #tag_, .route = (route_),                                                          \
        .tag =                                                                                     \
            (int)(value) + CAIRN_SAME_TYPE_(((struct noun##_command *)0)->as.tag_, struct tag_),   \
        .offset = offsetof(struct noun##_command, as.tag_), .record = &tag_##_record, __VA_ARGS__  \
    }

#define CAIRN_COMMANDS(noun, ...)                                                                  \
    extern const struct cairn_commands noun##_commands;                                            \
    static const struct cairn_command_type noun##_command_types_[] = {__VA_ARGS__};                \
    const struct cairn_commands noun##_commands = {                                                \
        .category = #noun,                                                                         \
        .size = sizeof(struct noun##_command),                                                     \
        .tag_offset = offsetof(struct noun##_command, type),                                       \
        .types = noun##_command_types_,                                                            \
        .count = sizeof noun##_command_types_ / sizeof noun##_command_types_[0],                   \
    }

/* ---- what decide is given ---- */

/* Everything a decision may depend on besides state and command, so that it can be repeated. */
struct cairn_given {
    struct cairn_uuid id;  /* of the stream that is decided on */
    struct cairn_time now; /* read once per decision */
    struct cairn_uuid seed;
    struct {
        const struct cairn_fact *fact;
        const void *state;
    } facts[CAIRN_NEEDS_MAX];
};

/* Returns a new id for something inside this stream. The same decision gets the same id for the
 * same label, also when it is repeated. */
struct cairn_uuid cairn_new_id(const struct cairn_given *given, const char *label);

/* Returns the folded fact: `const struct order_customer *c = CAIRN_KNOWN(given, order_customer);`
 * Aborts for a fact that the command's `.needs` does not name: that is a programming error. */
#define CAIRN_KNOWN(given, fact) ((const struct fact *)cairn_known((given), &fact##_fact))
const void *cairn_known(const struct cairn_given *given, const struct cairn_fact *fact);

/* ---- what decide returns ---- */

/* Events and claims, collected for one append: either all or none are written. */
struct cairn_decision;

enum { CAIRN_DECISION_MAX_EVENTS = 100, CAIRN_DECISION_MAX_CLAIMS = 1000 };

/* Emits an event: `CAIRN_EMIT(ret, order_placed, .user_id = command->user_id, .total = total);`
 * Memory that members point to is borrowed until the command has been answered. A value that
 * violates the event's field table fails the command as CAIRN_BUG; nothing is written. */
#define CAIRN_EMIT(ret, tag, ...) cairn_emit((ret), &tag##_record, &(const struct tag){__VA_ARGS__})
void cairn_emit(struct cairn_decision *ret, const struct cairn_record *record, const void *event);

/* Claims (scope, key) for this stream, in the same append: ("user.email", "a@b.c"). This stream may
 * hold it already. If another one does, the command fails as CAIRN_CLAIMED, and its client is told
 * `taken` ("this address belongs to another user"; NULL: only that another stream holds the scope).
 * Keys are compared bytewise; scope and key have 1 to 200 bytes each. The texts are copied. */
void cairn_claim(struct cairn_decision *ret, const char *scope, const char *key, const char *taken);
/* Releases a claim of this stream. A claim that it does not hold is ignored. */
void cairn_release(struct cairn_decision *ret, const char *scope, const char *key);

/* Returns formatted text, for members of events, keys and messages. It lives as long as the
 * decision. */
const char *cairn_decision_print(struct cairn_decision *ret, const char *format, ...)
    CAIRN_PRINTF(2, 3);

/* Returns a lower-case copy (ASCII only), for keys: cairn_claim(ret, "user.email", cairn_lower(ret,
 * …), NULL). It lives as long as the decision. */
const char *cairn_lower(struct cairn_decision *ret, const char *text);

/* ---- the decider ---- */

/* Returns 0, having emitted any number of events (none: nothing happened, which is a success), or
 * what cairn_refuse() returned. */
typedef int cairn_decide(const void *state, const void *command, const struct cairn_given *given,
                         struct cairn_decision *ret, struct cairn_error *error);
typedef void cairn_evolve(void *state, const void *event);

struct cairn_decider {
    const char *category; /* the noun: streams are "NOUN-id" */
    const struct cairn_record *state;
    const struct cairn_events *events;
    const struct cairn_commands *commands;
    cairn_decide *decide;
    cairn_evolve *evolve;
    int state_version; /* of evolve, the state and the upcasters: 1, 2, 3…; raise it when one of
                          them changes, so that snapshots of the old code are not used; 0: no
                          snapshots */
    const char *help;
};

/* Makes `NOUN_decider` from NOUN_record, NOUN_events, NOUN_commands, NOUN_decide and NOUN_evolve:
 *
 *     CAIRN_DECIDER(order, .state_version = 1);
 */
#define CAIRN_DECIDER(noun, ...)                                                                   \
    static int noun##_decide_(const void *state, const void *command,                              \
                              const struct cairn_given *given, struct cairn_decision *ret,         \
                              struct cairn_error *error)                                           \
    {                                                                                              \
        return noun##_decide((const struct noun *)state, (const struct noun##_command *)command,   \
                             given, ret, error);                                                   \
    }                                                                                              \
    static void noun##_evolve_(void *state, const void *event)                                     \
    {                                                                                              \
        noun##_evolve((struct noun *)state, (const struct noun##_event *)event);                   \
    }                                                                                              \
    extern const struct cairn_decider noun##_decider;                                              \
    const struct cairn_decider noun##_decider = {.category = #noun,                                \
                                                 .state = &noun##_record,                          \
                                                 .events = &noun##_events,                         \
                                                 .commands = &noun##_commands,                     \
                                                 .decide = noun##_decide_,                         \
                                                 .evolve = noun##_evolve_,                         \
                                                 __VA_ARGS__}

/* Declares what a noun exports, for its header: CAIRN_PUBLISH(order); */
#define CAIRN_PUBLISH(noun)                                                                        \
    extern const struct cairn_events noun##_events;                                                \
    extern const struct cairn_commands noun##_commands;                                            \
    extern const struct cairn_decider noun##_decider

CAIRN_END_C

#endif
