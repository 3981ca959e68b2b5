/* decider.h - the rules of one kind of stream, as pure functions.
 *
 *     decide(state, command) -> events          what may happen
 *     evolve(state, event)                      what it means
 *
 * The events and commands of a noun are its contract, in a header that other services include:
 *
 *     CAIRN_STRUCT(order_placed, UUID(user_id), INT(total));
 *     CAIRN_STRUCT(order_cancelled, TEXT(reason));
 *     CAIRN_EVENTS(order, EVENT(order_placed, "OrderPlaced", 1),
 *                  EVENT(order_cancelled, "OrderCancelled", 1));
 *
 *     CAIRN_STRUCT(place_order, UUID(user_id), INT(total));
 *     CAIRN_STRUCT(cancel_order, TEXT(reason));
 *     CAIRN_COMMANDS(order, COMMAND(place_order, "POST /orders"),
 *                    COMMAND(cancel_order, "POST /orders/{id}/cancel"));
 *
 * The rules are in one file: the state, a function for each event and for each command.
 *
 *     CAIRN_STRUCT(order, BOOL(cancelled));
 *
 *     CAIRN_EVOLVE(order, order_cancelled)
 *     {
 *         self->cancelled = true;
 *     }
 *
 *     CAIRN_DECIDE(order, cancel_order)
 *     {
 *         if (self->cancelled)
 *             return cairn_refuse(error, "order-cancelled", "the order was cancelled already");
 *         CAIRN_EMIT(ret, order_cancelled, .reason = command->reason);
 *         return 0;
 *     }
 *
 *     CAIRN_DECIDER(order, .state_version = 1);
 *
 * None of them does I/O or reads a clock; all run unchanged in the service, in a test and in a
 * replay. Cairn loads the stream, folds it, calls decide, appends the emitted events if the stream
 * has not changed meanwhile, decides again if it has, and answers over HTTP. The category of the
 * streams is the noun: `order` makes "order-0193…".
 *
 * The build fails for: an event without CAIRN_EVOLVE, a command without CAIRN_DECIDE (undefined
 * reference to `order_evolves_order_placed`, `order_decides_cancel_order`), or with one that the
 * lists do not name; a member that does not exist. An emitted event that is of another noun fails
 * its command as CAIRN_BUG. */
#ifndef CAIRN_DECIDER_H
#define CAIRN_DECIDER_H

#include <cairn/policy.h>
#include <cairn/registry.h>
#include <cairn/upcaster.h>

CAIRN_BEGIN_C

/* ---- events ---- */

enum { CAIRN_UPCASTERS_MAX = 15 };

struct cairn_event_type {
    const char *name;   /* as stored: "OrderPlaced" */
    int schema_version; /* 1, 2, 3… of the fields; stored with each event */
    const struct cairn_record *record;
    const struct cairn_upcaster *upcasters[CAIRN_UPCASTERS_MAX + 1]; /* of version 1, 2… */
};

struct cairn_events {
    const char *category;
    const struct cairn_event_type *types;
    uint32_t count;
    const char *at; /* where it is declared: "orders.h:12"; or NULL */
};

/* Declares the events of a noun: EVENT(struct's tag, name as stored, version of its fields), and
 * then, where the version is not 1, the structs of the older versions (upcaster.h). */
#define CAIRN_EVENTS(noun, ...)                                                                    \
    CAIRN_EACH_(CAIRN_DECLARE_EVENT_, noun, , __VA_ARGS__)                                         \
    CAIRN_EVENTS_TABLE_(noun, __VA_ARGS__)

/* The metadata of an event. */
struct cairn_meta {
    const char *stream;   /* "order-0193…" */
    struct cairn_uuid id; /* the id in the stream's name */
    int64_t position;     /* in the whole log: 1, 2, 3… */
    int64_t version;      /* in its stream: 1, 2, 3… */
    struct cairn_uuid event_id;
    struct cairn_time recorded_at;
    const char *key;  /* in a projection: of the row that apply is called for */
    const char *json; /* private: what cairn_caused_by() reads */
};

/* Returns the caller that caused an event: subject and issuer of the token that came with its
 * command; its roles are not kept. Both are NULL if no token came with it; and on the bus, if its
 * publication does not show them (publication.h). Whatever folds may call this: the answer is
 * stored with the event. The texts are in the arena. */
struct cairn_actor cairn_caused_by(const struct cairn_meta *meta, struct cairn_arena *arena);

/* ---- facts: what a decision needs to know of other streams ---- */

/* A fact is another stream, folded into a small struct that the deciding service declares. The
 * append is accepted only if that stream has not changed in between, so an order for a user who is
 * being deactivated is refused even when both commit at the same moment.
 *
 *     CAIRN_STRUCT(order_customer, BOOL(active));
 *     CAIRN_FACT(order_customer, user);
 *     CAIRN_LEARN(order_customer, user_registered)
 *     {
 *         self->active = true;
 *     }
 *
 * Events that the fact does not learn from are skipped. A stream that does not exist gives the
 * zeroed struct.
 *
 * A fact's stream is named by the command, never by the decider's state. Facts are read first and
 * the state last, as it is held from then until the append. An id in the state would be known only
 * after that, and could be another one when its fact has been read: commands on a busy stream would
 * be read for in rounds. Where the state has the id, the command carries it too, and the decision
 * compares the two:
 *
 *     if (!cairn_uuid_equal(command->customer_id, self->customer_id))
 *         return cairn_refuse(error, "other-customer", "the order is of another customer");
 *
 * A fact of long streams sets `CAIRN_FACT(order_customer, user, .state_version =
 * 1)`, and raises it as a decider does. */
typedef void cairn_evolve(void *state, const void *event, struct cairn_arena *arena);

struct cairn_fact {
    const char *name;
    const struct cairn_events *events;
    const struct cairn_record *state;
    const struct cairn_handlers *learns; /* struct cairn_learns */
    int state_version;                   /* as a decider's */
};

struct cairn_learns {
    struct cairn_registered handler;
    cairn_evolve *evolve;
};

#define CAIRN_FACT(fact, ...) CAIRN_FACT_(fact, __VA_ARGS__, )
#define CAIRN_FACT_(fact, noun, ...)                                                               \
    static struct cairn_handlers fact##_handlers_;                                                 \
    static const struct cairn_fact fact##_fact = {.name = #fact,                                   \
                                                  .events = &noun##_events,                        \
                                                  .state = &fact##_record,                         \
                                                  .learns = &fact##_handlers_,                     \
                                                  __VA_ARGS__}

/* Begins the function of a fact for an event; its parameters are `self`, `event` and `arena`. */
#define CAIRN_LEARN(fact, event_)                                                                  \
    CAIRN_EVOLVE_CALL_(fact, event_)                                                               \
    CAIRN_REGISTER_(cairn_learns, fact, fact##_learns_##event_##_, NULL, &event_##_record,         \
                    .evolve = fact##_evolve_##event_##_call_)                                      \
    CAIRN_EVOLVE_HEAD_(fact, event_)

/* A row of a command's needs: the fact, and the uuid member of the command that names its
 * stream. */
struct cairn_need {
    const struct cairn_fact *fact;
    uint32_t id_offset;
};

/* ---- commands ---- */

enum { CAIRN_NEEDS_MAX = 4, CAIRN_HEADERS_MAX = 4 };

struct cairn_command_type {
    const char *name;  /* "place_order" */
    const char *route; /* "POST /orders" creates; "POST /orders/{id}/ship" needs the stream;
                          NULL: the command is internal */
    const struct cairn_record *record;
    bool creates;                               /* of an internal command: it creates its stream */
    const char *headers[CAIRN_HEADERS_MAX + 1]; /* of the request, that its decision may read */
    struct cairn_allow allow;                   /* its policy (policy.h) */
    const char *help;                           /* one line for the API's documentation */
};

struct cairn_commands {
    const char *category;
    const struct cairn_command_type *types;
    uint32_t count;
    const char *at; /* where it is declared: "orders.h:12"; or NULL */
};

/* Declares the commands of a noun and its decider: COMMAND(struct's tag, "METHOD /path") and then,
 * if wanted, `.help`. The path has at most one parameter, `{id}`; the body is the command's struct.
 * A path without `{id}` creates the stream: its id is new, or given by the body's member NOUN_id.
 * That may also be a member of the command's struct: then it is a uuid, and a process that sends
 * the command need not set it. A path with `{id}` of an unknown stream is answered with 404 without
 * calling decide.
 *
 * INTERNAL(struct's tag) in place of COMMAND declares a command without a route: only process
 * managers, reactors and consumers of services on the same store can send it. It needs its stream,
 * unless `.creates = true` follows. */
#define CAIRN_COMMANDS(noun, ...)                                                                  \
    extern const struct cairn_decider noun##_decider;                                              \
    CAIRN_EACH_(CAIRN_DECLARE_COMMAND_, noun, , __VA_ARGS__)                                       \
    CAIRN_COMMANDS_TABLE_(noun, __VA_ARGS__)

/* ---- what decide is given ---- */

/* Everything a decision may depend on besides state and command, so that it can be repeated. */
struct cairn_given {
    struct cairn_uuid id;  /* of the stream that is decided on */
    struct cairn_time now; /* read once per decision */
    struct cairn_uuid seed;
    struct cairn_arena *arena;     /* for text and lists of the result (memory.h) */
    const struct cairn_meta *meta; /* in a process: of the event; NULL: a timer or a refusal */
    struct cairn_actor actor;      /* the caller; zeroed where services do not authenticate */
    const char *correlation_id;    /* that all consequences of one request have in common */
    struct {
        const char *name;
        const char *value; /* NULL: the request does not have it */
    } headers[CAIRN_HEADERS_MAX];
    struct {
        const struct cairn_fact *fact;
        const void *state;
    } facts[CAIRN_NEEDS_MAX];
};

/* Returns a new id for something inside this stream. The same decision gets the same id for the
 * same label, also when it is repeated. */
struct cairn_uuid cairn_new_id(const struct cairn_given *given, const char *label);

/* Returns the value of a header of the request; NULL if it has none, or was sent by a process.
 * COMMAND(place_order, "POST /orders", .headers = {"Accept-Language"}) names the headers that the
 * decision may read; any other aborts: that is a programming error. The values are of at most 1000
 * visible ASCII characters and spaces. */
const char *cairn_header(const struct cairn_given *given, const char *name);

/* Returns the folded fact: `const struct order_customer *c = CAIRN_KNOWN(given, order_customer);`
 * Inside of the function of CAIRN_DECIDE only, which names the fact as a NEED; other functions are
 * passed what it returns. */
#define CAIRN_KNOWN(given, fact) ((void)(given), fact##_is_a_need_of_this_command_)
/* The same without a check by the compiler: aborts for a fact that is no NEED. */
const void *cairn_known(const struct cairn_given *given, const struct cairn_fact *fact);

/* ---- what decide returns ---- */

/* Events and claims, collected for one append: either all or none are written. */
struct cairn_decision;

enum { CAIRN_DECISION_MAX_EVENTS = 100, CAIRN_DECISION_MAX_CLAIMS = 1000 };

/* Emits an event: `CAIRN_EMIT(ret, order_placed, .user_id = command->user_id, .total = total);`
 * Memory that members point to is borrowed until the command has been answered. A value that
 * violates the event's field table fails the command as CAIRN_BUG; nothing is written. */
#define CAIRN_EMIT(ret, ...) CAIRN_EMIT_(ret, __VA_ARGS__, )
void cairn_emit(struct cairn_decision *ret, const struct cairn_record *record, const void *event);

/* Claims (scope, key) for this stream, in the same append: ("user.email", "a@b.c"). This stream may
 * hold it already. If another one does, the command fails as CAIRN_CLAIMED, and its client is told
 * `taken` ("this address belongs to another user"; NULL: only that another stream holds the scope).
 * Keys are compared bytewise; scope and key have 1 to 200 bytes each. The texts are copied. */
void cairn_claim(struct cairn_decision *ret, const char *scope, const char *key, const char *taken);
/* Claims the numbers from `from` up to, but not including, `to` under (scope, key): the nights of a
 * room. `from` and `to` are two days, two times or two integers of at most 18 digits. The command
 * fails as CAIRN_CLAIMED if a claim under the same scope and key covers one of them, also if it is
 * this stream's own, unless it is the same range: to move a range, release it first. A scope is for
 * ranges or for keys. Key and range together have at most 200 bytes. */
#define cairn_claim_range(ret, scope, key, from, to, taken)                                        \
    cairn_change_range((ret), (scope), (key), CAIRN_NUMBER_(from), CAIRN_NUMBER_(to), true, (taken))
/* Releases a range of this stream, as it was claimed. One that it does not hold is ignored. */
#define cairn_release_range(ret, scope, key, from, to)                                             \
    cairn_change_range((ret), (scope), (key), CAIRN_NUMBER_(from), CAIRN_NUMBER_(to), false, NULL)
void cairn_change_range(struct cairn_decision *ret, const char *scope, const char *key,
                        int64_t from, int64_t to, bool claimed, const char *taken);
#define CAIRN_NUMBER_(value)                                                                       \
    _Generic((value), struct cairn_day                                                             \
             : cairn_day_number_, struct cairn_time                                                \
             : cairn_time_number_, default                                                         \
             : cairn_number_)(value)
static inline int64_t cairn_day_number_(struct cairn_day day)
{
    return day.days;
}
static inline int64_t cairn_time_number_(struct cairn_time time)
{
    return time.us;
}
static inline int64_t cairn_number_(int64_t number)
{
    return number;
}

/* Releases a claim of this stream. A claim that it does not hold is ignored. */
void cairn_release(struct cairn_decision *ret, const char *scope, const char *key);

/* ---- the decider ---- */

/* Returns 0, having emitted any number of events (none: nothing happened, which is a success), or
 * what cairn_refuse() returned. */
typedef int cairn_decide(const void *state, const void *command, const struct cairn_given *given,
                         struct cairn_decision *ret, struct cairn_error *error);

struct cairn_evolves {
    cairn_evolve *evolve;
    const char *at; /* where it is defined: "orders.c:12" */
};
struct cairn_decides {
    cairn_decide *decide;
    struct cairn_need needs[CAIRN_NEEDS_MAX + 1]; /* ends with a zeroed one */
    const char *at;                               /* where it is defined: "orders.c:12" */
};

/* Begins the function of a noun for an event; its parameters are `self`, `event` and `arena`
 * (memory.h). */
#define CAIRN_EVOLVE(noun, event_)                                                                 \
    CAIRN_EVOLVE_CALL_(noun, event_)                                                               \
    const __typeof__(noun##_evolves_##event_) noun##_evolves_##event_ = {                          \
        .evolve = noun##_evolve_##event_##_call_, .at = CAIRN_PLACE_};                             \
    CAIRN_EVOLVE_HEAD_(noun, event_)

/* Begins the function of a noun for a command; its parameters are `self`, `command`, `given`, `ret`
 * and `error`. What follows are the facts that it needs: NEED(fact, the uuid member of the command
 * that names the fact's stream).
 *
 *     CAIRN_DECIDE(order, place_order, NEED(order_customer, user_id)) { … } */
#define CAIRN_DECIDE(noun, ...) CAIRN_DECIDE_(noun, CAIRN_FIRST_(__VA_ARGS__, ), __VA_ARGS__)

struct cairn_over;

struct cairn_decider {
    const char *category; /* the noun: streams are "NOUN-id" */
    const struct cairn_record *state;
    const struct cairn_events *events;
    const struct cairn_commands *commands;
    const struct cairn_evolves *const *(*evolves)(void); /* one for each of `events` */
    const struct cairn_decides *const *(*decides)(void); /* one for each of `commands` */
    int state_version; /* of the evolve functions, the state and the upcasters: 1, 2, 3…; raise it
                          when one of them changes, so that snapshots of the old code are not used;
                          0: no snapshots */
    const char *help;
    const char *at;                 /* where it is declared: "orders.c:12"; or NULL */
    const struct cairn_over *overs; /* the parts of a boundary (boundary.h), which has no `evolves`;
                                       NULL: it decides about a stream */
};

/* All deciders of a program, each as a struct cairn_known_decider. */
extern struct cairn_handlers cairn_known_deciders;

struct cairn_known_decider {
    struct cairn_registered handler;
    const struct cairn_decider *decider;
};

/* Adds NOUN_decider to the list of the program's deciders, before main. */
#define CAIRN_KNOW_DECIDER_(noun)                                                                  \
    static struct cairn_known_decider noun##_known_decider_ = {                                    \
        .handler = {.file = __FILE__, .line = __LINE__}, .decider = &noun##_decider};              \
    CAIRN_BEFORE_MAIN_(noun##_known_decider_register_)                                             \
    {                                                                                              \
        cairn_handlers_add(&cairn_known_deciders, &noun##_known_decider_.handler);                 \
    }

/* Makes `NOUN_decider` from what the file has defined: CAIRN_DECIDER(order, .state_version = 1); */
#define CAIRN_DECIDER(...) CAIRN_DECIDER_(__VA_ARGS__, )
#define CAIRN_DECIDER_(noun, ...)                                                                  \
    CAIRN_KNOW_DECIDER_(noun)                                                                      \
    const struct cairn_decider noun##_decider = {.category = #noun,                                \
                                                 .state = &noun##_record,                          \
                                                 .events = &noun##_events,                         \
                                                 .commands = &noun##_commands,                     \
                                                 .evolves = noun##_all_evolves_,                   \
                                                 .decides = noun##_all_decides_,                   \
                                                 .at = CAIRN_PLACE_,                               \
                                                 __VA_ARGS__}

/* ---- the parts of the macros above ---- */

#define CAIRN_ARGUMENTS_EVENT(...) __VA_ARGS__
#define CAIRN_ARGUMENTS_COMMAND(...) __VA_ARGS__
#define CAIRN_ARGUMENTS_INTERNAL(...)                                                              \
    CAIRN_JOIN_(CAIRN_INTERNAL_, CAIRN_ANY_ITEMS_(__VA_ARGS__))(__VA_ARGS__)
#define CAIRN_INTERNAL_0(tag) tag, NULL
#define CAIRN_INTERNAL_1(tag, ...) tag, NULL, __VA_ARGS__
#define CAIRN_ARGUMENTS_NEED(...) __VA_ARGS__

/* (noun, tag, name, version, old structs…) */
#define CAIRN_DECLARE_EVENT_(noun, event) CAIRN_DECLARE_EVENT_OF_(noun, CAIRN_ARGUMENTS_##event)
#define CAIRN_DECLARE_EVENT_OF_(...) CAIRN_DECLARE_EVENT_AS_(__VA_ARGS__)
#define CAIRN_DECLARE_EVENT_AS_(noun, tag, name_, ...)                                             \
    extern const struct cairn_evolves noun##_evolves_##tag;                                        \
    extern const char tag##_is_an_event_[];                                                        \
    CAIRN_WITHIN_(CAIRN_DECLARE_UPCASTER_, noun, __VA_ARGS__)
#define CAIRN_DECLARE_UPCASTER_(noun, old) extern const struct cairn_upcaster old##_upcaster;

#define CAIRN_EVENT_ROW_(noun, event) CAIRN_EVENT_ROW_OF_(noun, CAIRN_ARGUMENTS_##event)
#define CAIRN_EVENT_ROW_OF_(...) CAIRN_EVENT_ROW_AS_(__VA_ARGS__)
#define CAIRN_EVENT_ROW_AS_(noun, tag, name_, ...)                                                 \
    {.name = (name_),                                                                              \
     .schema_version = CAIRN_FIRST_(__VA_ARGS__, ),                                                \
     .record = &tag##_record,                                                                      \
     .upcasters = {CAIRN_WITHIN_(CAIRN_UPCASTER_ROW_, noun, __VA_ARGS__) NULL}},
#define CAIRN_UPCASTER_ROW_(noun, old) &old##_upcaster,

#define CAIRN_EVOLVES_ROW_(noun, event) CAIRN_EVOLVES_ROW_OF_(noun, CAIRN_ARGUMENTS_##event)
#define CAIRN_EVOLVES_ROW_OF_(...) CAIRN_EVOLVES_ROW_AS_(__VA_ARGS__)
#define CAIRN_EVOLVES_ROW_AS_(noun, tag, ...) &noun##_evolves_##tag,

/* (noun, tag, route, initialisers…) */
#define CAIRN_DECLARE_COMMAND_(noun, command)                                                      \
    CAIRN_DECLARE_COMMAND_OF_(noun, CAIRN_ARGUMENTS_##command)
#define CAIRN_DECLARE_COMMAND_OF_(...) CAIRN_DECLARE_COMMAND_AS_(__VA_ARGS__)
#define CAIRN_DECLARE_COMMAND_AS_(noun, tag, ...)                                                  \
    extern const struct cairn_decides noun##_decides_##tag;                                        \
    extern const char tag##_is_a_command_[];

#define CAIRN_COMMAND_ROW_(noun, command) CAIRN_COMMAND_ROW_OF_(noun, CAIRN_ARGUMENTS_##command)
#define CAIRN_COMMAND_ROW_OF_(...) CAIRN_COMMAND_ROW_AS_(__VA_ARGS__, )
#define CAIRN_COMMAND_ROW_AS_(noun, tag, route_, ...)                                              \
    {.name = #tag, .route = (route_), .record = &tag##_record, __VA_ARGS__},

#define CAIRN_DECIDES_ROW_(noun, command) CAIRN_DECIDES_ROW_OF_(noun, CAIRN_ARGUMENTS_##command)
#define CAIRN_DECIDES_ROW_OF_(...) CAIRN_DECIDES_ROW_AS_(__VA_ARGS__)
#define CAIRN_DECIDES_ROW_AS_(noun, tag, ...) &noun##_decides_##tag,

/* The lists of functions are static data of a function, so that only the file with CAIRN_DECIDER
 * refers to the functions. */
#ifdef __cplusplus
#define CAIRN_EVENTS_TABLE_(noun, ...)
#define CAIRN_COMMANDS_TABLE_(noun, ...)
#else
#define CAIRN_EVENTS_TABLE_(noun, ...)                                                             \
    CAIRN_UNUSED static inline const struct cairn_evolves *const *noun##_all_evolves_(void)        \
    {                                                                                              \
        static const struct cairn_evolves *const all[] = {                                         \
            CAIRN_EACH_(CAIRN_EVOLVES_ROW_, noun, , __VA_ARGS__)};                                 \
        return all;                                                                                \
    }                                                                                              \
    CAIRN_UNUSED static const struct cairn_event_type noun##_event_types_[] = {                    \
        CAIRN_EACH_(CAIRN_EVENT_ROW_, noun, , __VA_ARGS__)};                                       \
    CAIRN_UNUSED static const struct cairn_events noun##_events = {                                \
        .category = #noun,                                                                         \
        .types = noun##_event_types_,                                                              \
        .count = sizeof noun##_event_types_ / sizeof noun##_event_types_[0],                       \
        .at = CAIRN_PLACE_,                                                                        \
    }
#define CAIRN_COMMANDS_TABLE_(noun, ...)                                                           \
    CAIRN_UNUSED static inline const struct cairn_decides *const *noun##_all_decides_(void)        \
    {                                                                                              \
        static const struct cairn_decides *const all[] = {                                         \
            CAIRN_EACH_(CAIRN_DECIDES_ROW_, noun, , __VA_ARGS__)};                                 \
        return all;                                                                                \
    }                                                                                              \
    CAIRN_UNUSED static const struct cairn_command_type noun##_command_types_[] = {                \
        CAIRN_EACH_(CAIRN_COMMAND_ROW_, noun, , __VA_ARGS__)};                                     \
    CAIRN_UNUSED static const struct cairn_commands noun##_commands = {                            \
        .category = #noun,                                                                         \
        .types = noun##_command_types_,                                                            \
        .count = sizeof noun##_command_types_ / sizeof noun##_command_types_[0],                   \
        .at = CAIRN_PLACE_,                                                                        \
    }
#endif

#define CAIRN_EMIT_(ret, tag, ...)                                                                 \
    ((void)sizeof(&tag##_is_an_event_),                                                            \
     cairn_emit((ret), &tag##_record, CAIRN_OF_(tag, __VA_ARGS__)))

#define CAIRN_DECIDE_(noun, tag, ...) CAIRN_DECIDE_AS_(noun, tag, __VA_ARGS__)
#define CAIRN_DECIDE_AS_(noun, tag, ...)                                                           \
    static int noun##_decide_##tag(                                                                \
        const struct noun *self, const struct tag *command, const struct cairn_given *given,       \
        struct cairn_decision *ret,                                                                \
        struct cairn_error *error CAIRN_EACH_(CAIRN_NEED_PARAMETER_, tag, __VA_ARGS__));           \
    static int noun##_decide_##tag##_call_(const void *self, const void *command,                  \
                                           const struct cairn_given *given,                        \
                                           struct cairn_decision *ret, struct cairn_error *error)  \
    {                                                                                              \
        return noun##_decide_##tag((const struct noun *)self, (const struct tag *)command, given,  \
                                   ret, error CAIRN_EACH_(CAIRN_NEED_VALUE_, tag, __VA_ARGS__));   \
    }                                                                                              \
    _Static_assert(CAIRN_COUNT_(__VA_ARGS__) <= CAIRN_NEEDS_MAX, "a command has at most 4 NEEDs"); \
    const __typeof__(noun##_decides_##tag) noun##_decides_##tag = {                                \
        .decide = noun##_decide_##tag##_call_,                                                     \
        .needs = {CAIRN_EACH_(CAIRN_NEED_ROW_, tag, __VA_ARGS__){NULL, 0}},                        \
        .at = CAIRN_PLACE_};                                                                       \
    static int noun##_decide_##tag(                                                                \
        CAIRN_UNUSED const struct noun *self, CAIRN_UNUSED const struct tag *command,              \
        CAIRN_UNUSED const struct cairn_given *given, CAIRN_UNUSED struct cairn_decision *ret,     \
        CAIRN_UNUSED struct cairn_error *error CAIRN_EACH_(CAIRN_NEED_PARAMETER_, tag,             \
                                                           __VA_ARGS__))

/* Each fact is a parameter of the function, so that one that is not named as a NEED is no name. */
#define CAIRN_NEED_PARAMETER_(tag, need) CAIRN_NEED_PARAMETER_OF_(CAIRN_ARGUMENTS_##need)
#define CAIRN_NEED_PARAMETER_OF_(...) CAIRN_NEED_PARAMETER_AS_(__VA_ARGS__)
#define CAIRN_NEED_PARAMETER_AS_(fact, member)                                                     \
    , CAIRN_UNUSED const struct fact *fact##_is_a_need_of_this_command_
#define CAIRN_NEED_VALUE_(tag, need) CAIRN_NEED_VALUE_OF_(CAIRN_ARGUMENTS_##need)
#define CAIRN_NEED_VALUE_OF_(...) CAIRN_NEED_VALUE_AS_(__VA_ARGS__)
#define CAIRN_NEED_VALUE_AS_(fact, member) , (const struct fact *)cairn_known(given, &fact##_fact)
/* (tag of the command, fact, member) */
#define CAIRN_NEED_ROW_(tag, need) CAIRN_NEED_ROW_OF_(tag, CAIRN_ARGUMENTS_##need)
#define CAIRN_NEED_ROW_OF_(...) CAIRN_NEED_ROW_AS_(__VA_ARGS__)
#define CAIRN_NEED_ROW_AS_(tag, fact_, member)                                                     \
    {.fact = &fact_##_fact,                                                                        \
     .id_offset = offsetof(struct tag, member) +                                                   \
                  (unsigned)CAIRN_SAME_TYPE_(((struct tag *)0)->member, struct cairn_uuid)},

#define CAIRN_EVOLVE_CALL_(noun, event_)                                                           \
    static void noun##_evolve_##event_(struct noun *self, const struct event_ *event,              \
                                       struct cairn_arena *arena);                                 \
    static void noun##_evolve_##event_##_call_(void *self, const void *event,                      \
                                               struct cairn_arena *arena)                          \
    {                                                                                              \
        noun##_evolve_##event_((struct noun *)self, (const struct event_ *)event, arena);          \
    }
#define CAIRN_EVOLVE_HEAD_(noun, event_)                                                           \
    static void noun##_evolve_##event_(CAIRN_UNUSED struct noun *self,                             \
                                       CAIRN_UNUSED const struct event_ *event,                    \
                                       CAIRN_UNUSED struct cairn_arena *arena)

CAIRN_END_C

#endif
