/* test_property.h - property tests: random sequences of commands against a decider, after each of
 * which a rule has to hold.
 *
 *     CAIRN_INVARIANT(invoice, no_more_is_paid_than_was_owed)
 *     {
 *         int64_t owed = 0;
 *         CAIRN_FOR_EACH(at, *history) {
 *             const struct invoice_issued *issued = CAIRN_EVENT_AS(at, invoice_issued);
 *             const struct invoice_paid *paid = CAIRN_EVENT_AS(at, invoice_paid);
 *             owed += issued ? issued->amount : 0;
 *             owed -= paid ? paid->amount : 0;
 *         }
 *         return owed < 0 ? cairn_broken(error, "%" PRId64 " too much was paid", -owed) : 0;
 *     }
 *
 *     static void an_invoice_is_never_overpaid(void **state)
 *     {
 *         (void)state;
 *         CAIRN_PROPERTY(invoice, no_more_is_paid_than_was_owed, .sequences = 500);
 *     }
 *
 * Commands are made from their field tables: within bounds, formats and enums, and from few ids,
 * texts and days, so that values collide. Values of the events that were emitted are used again, so
 * that a command can name what an earlier one made; so are the ids of the streams. Commands,
 * streams, facts and the passing of time are mixed; claims are held as the store does.
 *
 * A fact of the decider's own noun is the stream of the sequence that the command names: an account
 * that pays another one is decided on both. A fact of another noun is made by random commands of
 * that noun's decider, if it is linked into the test, so that it is in a state that its rules
 * allow; else by random events of that noun, in any order.
 *
 * In a boundary (boundary.h), `self` is what the last command would be decided on next. What its
 * parts learn from other nouns happens in between: by random commands of that noun, if it is a
 * boundary that is linked into the test, else as random events.
 *
 * The test fails if the invariant does not hold after a command, and also if a command fails as
 * CAIRN_BUG, crashes the decider, or does not return within a second of processor time. The
 * sequence is then made shorter and its values simpler as long as it still fails in that way, and
 * printed as lines that can be pasted into a test:
 *
 *     no_more_is_paid_than_was_owed of invoice does not hold: 1 too much was paid
 *     CAIRN_TEST_SEED=1790 repeats it. The shortest sequence that ends so:
 *         CAIRN_DECIDING(invoice);
 *         WHEN(issue_invoice, .customer = "a", .amount = 1);
 *         THEN(invoice_issued, .customer = "a", .amount = 1);
 *         WHEN(pay_invoice, .amount = 2);
 *         THEN(invoice_paid, .amount = 2);
 *
 * A seed repeats a run exactly: CAIRN_TEST_SEED in the environment, else `.seed`, else the clock.
 *
 * The commands run in child processes. An invariant therefore reports by its result, not by the
 * assertions of a test framework, and cannot change variables of the test. */
#ifndef CAIRN_TEST_PROPERTY_H
#define CAIRN_TEST_PROPERTY_H

#include <cairn/decider.h>

CAIRN_BEGIN_C

/* An event that was emitted. */
struct cairn_happened {
    struct cairn_meta meta;
    const struct cairn_record *record;
    const void *event;
};

/* All events of a sequence, of all streams, the oldest first: CAIRN_FOR_EACH(at, *history) … */
struct cairn_history CAIRN_LIST(struct cairn_happened);

/* Returns the event's struct, or NULL if it is of another type:
 *     const struct room_booked *booked = CAIRN_EVENT_AS(at, room_booked); */
#define CAIRN_EVENT_AS(happened, tag)                                                              \
    ((const struct tag *)cairn_happened_as((happened), &tag##_record))
const void *cairn_happened_as(const struct cairn_happened *happened,
                              const struct cairn_record *record);

typedef int cairn_holds(const void *state, const struct cairn_history *history,
                        struct cairn_error *error);

struct cairn_invariant {
    const char *name;
    const char *of; /* the noun whose state `holds` takes */
    cairn_holds *holds;
    const char *at; /* where it is defined: "test_room.c:12" */
};

/* Begins the function of an invariant; its parameters are `self`, the state of the stream that the
 * last command changed, or of its boundary, `history` and `error`. Returns 0 if it holds, else what
 * cairn_broken() returns. If the test does not see the state's struct, `self` cannot be used, but
 * `history` can. */
#define CAIRN_INVARIANT(noun, name_)                                                               \
    struct noun;                                                                                   \
    static int noun##_invariant_##name_(                                                           \
        const struct noun *self, const struct cairn_history *history, struct cairn_error *error);  \
    static int noun##_invariant_##name_##_call_(                                                   \
        const void *self, const struct cairn_history *history, struct cairn_error *error)          \
    {                                                                                              \
        return noun##_invariant_##name_((const struct noun *)self, history, error);                \
    }                                                                                              \
    static const struct cairn_invariant name_##_invariant = {.name = #name_,                       \
                                                             .of = #noun,                          \
                                                             .holds =                              \
                                                                 noun##_invariant_##name_##_call_, \
                                                             .at = CAIRN_PLACE_};                  \
    static int noun##_invariant_##name_(CAIRN_UNUSED const struct noun *self,                      \
                                        CAIRN_UNUSED const struct cairn_history *history,          \
                                        CAIRN_UNUSED struct cairn_error *error)

/* Says what is wrong, with the values. Returns a negative number. */
int cairn_broken(struct cairn_error *error, const char *format, ...) CAIRN_PRINTF(2, 3);

struct cairn_property {
    int sequences;  /* how many; 0 means 200 */
    int commands;   /* in a sequence, at most 200; 0 means 30 */
    int streams;    /* that the commands go to, at most 8; 0 means 1, or 3 if a command has a
                       NEED of its own noun */
    int64_t seed;   /* unless CAIRN_TEST_SEED says otherwise; 0: from the clock */
    bool takes_all; /* fail if one of the commands was accepted in no sequence */
};

/* Checks an invariant: CAIRN_PROPERTY(room, no_night_is_sold_twice, .streams = 3). What follows it
 * are initialisers of struct cairn_property. A run in which no command was accepted fails too,
 * since it says nothing. */
#define CAIRN_PROPERTY(noun, ...) CAIRN_PROPERTY_(noun, __VA_ARGS__, )
#define CAIRN_PROPERTY_(noun, name, ...)                                                           \
    cairn_property_check(__FILE__, __LINE__, &noun##_decider, &name##_invariant,                   \
                         CAIRN_OF_(cairn_property, __VA_ARGS__))

/* Checks only that no command crashes, or fails as CAIRN_BUG: CAIRN_NO_BUGS(room) */
#define CAIRN_NO_BUGS(...) CAIRN_NO_BUGS_(__VA_ARGS__, )
#define CAIRN_NO_BUGS_(noun, ...)                                                                  \
    cairn_property_check(__FILE__, __LINE__, &noun##_decider, NULL,                                \
                         CAIRN_OF_(cairn_property, __VA_ARGS__))

void cairn_property_check(const char *file, int line, const struct cairn_decider *decider,
                          const struct cairn_invariant *invariant,
                          const struct cairn_property *property);

/* ---- commands that the tables alone would make badly ---- */

/* A source of random numbers; the same for the same seed. */
struct cairn_random;

/* Returns a number from `least` to `most`, each as likely. */
int64_t cairn_random_between(struct cairn_random *random, int64_t least, int64_t most);
/* Returns true in `percent` of 100 cases. */
bool cairn_random_chance(struct cairn_random *random, int percent);

typedef void cairn_generate(const void *state, void *command, struct cairn_random *random,
                            struct cairn_arena *arena);

struct cairn_generates {
    struct cairn_registered handler; /* its record is that of the command */
    const struct cairn_decider *decider;
    cairn_generate *generate;
};
extern struct cairn_handlers cairn_generators; /* all of a program */

/* Begins a function that changes a generated command; its parameters are `self`, the state of the
 * stream it is for, `command`, `random` and `arena` (memory.h):
 *
 *     CAIRN_GENERATE(invoice, pay_invoice)
 *     {
 *         command->amount = cairn_random_between(random, 1, self->owed + 1);
 *     }
 *
 * The values must stay within the command's table. */
#define CAIRN_GENERATE(noun, command_)                                                             \
    struct noun;                                                                                   \
    static void noun##_generate_##command_(const struct noun *self, struct command_ *command,      \
                                           struct cairn_random *random,                            \
                                           struct cairn_arena *arena);                             \
    static void noun##_generate_##command_##_call_(                                                \
        const void *self, void *command, struct cairn_random *random, struct cairn_arena *arena)   \
    {                                                                                              \
        noun##_generate_##command_((const struct noun *)self, (struct command_ *)command, random,  \
                                   arena);                                                         \
    }                                                                                              \
    static struct cairn_generates noun##_generates_##command_##_ = {                               \
        .handler = {.record = &command_##_record, .file = __FILE__, .line = __LINE__},             \
        .decider = &noun##_decider,                                                                \
        .generate = noun##_generate_##command_##_call_};                                           \
    CAIRN_BEFORE_MAIN_(noun##_generates_##command_##_register_)                                    \
    {                                                                                              \
        cairn_handlers_add(&cairn_generators, &noun##_generates_##command_##_.handler);            \
    }                                                                                              \
    static void noun##_generate_##command_(                                                        \
        CAIRN_UNUSED const struct noun *self, CAIRN_UNUSED struct command_ *command,               \
        CAIRN_UNUSED struct cairn_random *random, CAIRN_UNUSED struct cairn_arena *arena)

CAIRN_END_C

#endif
