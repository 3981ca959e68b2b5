/* test.h - given, when, then: the rules of a service without a database, a clock or a network.
 *
 *     static void an_order_ships_once(void **state)
 *     {
 *         (void)state;
 *         CAIRN_DECIDING(order);
 *         GIVEN(order_placed, .user_id = ALICE, .currency = "EUR", .total = 900,
 *               .lines = {(const struct order_line[]){{"tea-100", 2, 450}}, 1},
 *               .card_token = "tok_visa");
 *         GIVEN(order_paid, .payment_id = PAYMENT, .currency = "EUR", .total = 900);
 *         WHEN(ship_order, .carrier = "DHL", .tracking = "1");
 *         THEN(order_shipped, .carrier = "DHL", .tracking = "1");
 *         WHEN(ship_order, .carrier = "DHL", .tracking = "2");
 *         THEN_REFUSED("order-already-shipped");
 *     }
 *
 * A projection is tested with CAIRN_PROJECTING: GIVEN events, THEN_ROW. A process manager with
 * CAIRN_PROCESSING: GIVEN and WHEN_EVENT or WHEN_TIMER, THEN_SENT, THEN_TIMER. That events of long
 * ago stay readable is tested with CAIRN_GOLDEN.
 *
 * Everything compares as JSON text, so a failure shows both sides as they would be stored. What a
 * WHEN brought about must be named to the last: an event, a claim, a refusal, a command or a timer
 * that no THEN asked for fails the test, at the next GIVEN or WHEN or at the end of the block. So
 * does a row that was parked and that no THEN_PARKED names.
 *
 * A test must not start from what cannot be: what GIVEN and WHEN say is held against the field
 * tables, as the service would.
 *
 * The kit belongs to no test framework. A failure prints to standard error and calls abort(),
 * unless cairn_test_on_failure() says otherwise. */
#ifndef CAIRN_TEST_H
#define CAIRN_TEST_H

#include <cairn/process.h>
#include <cairn/projection.h>

/* A test in progress. The clock stands at 2026-01-01T00:00:00Z until AT() moves it; the stream's
 * id is CAIRN_TEST_ID until STREAM() names another; its events have the versions 1, 2, 3… */
struct cairn_scenario;

#define CAIRN_TEST_KEY "01890000-0000-7000-8000-000000000001" /* of the row keyed by that id */
#define CAIRN_TEST_ID CAIRN_UUID(CAIRN_TEST_KEY)

/* What is done about a failure: it may jump away or return; `message` is valid until then. NULL
 * prints and aborts. */
typedef void cairn_test_failure(const char *file, int line, const char *message);
void cairn_test_on_failure(cairn_test_failure *failure);

/* Begin a test: each declares the scenario, which is checked and freed when the block ends. */
#define CAIRN_DECIDING(noun) CAIRN_SCENARIO_(cairn_scenario_decider(&noun##_decider))
#define CAIRN_PROJECTING(row) CAIRN_SCENARIO_(cairn_scenario_projection(&row##_projection))
#define CAIRN_PROCESSING(name) CAIRN_SCENARIO_(cairn_scenario_process(&name##_process))

/* In all that follows, an event, a command or a row is said by its struct and its members:
 * GIVEN(order_paid, .total = 900). One macro may stand for both. */

/* What came before: an event. In a projection's test it goes to the rows that its keys name; in a
 * process' test the reaction to it is not looked at. What an accepted WHEN emitted has happened
 * too, and need not be given. An event may be given in the shape of an older version, and is lifted
 * as a stored one: GIVEN(order_placed_v1, .cents = 900). */
#define GIVEN(...) cairn_scenario_given(CAIRN_HERE_, CAIRN_ANY_(__VA_ARGS__))
/* What is known of another stream: GIVEN_FACT(order_customer, .active = true). A fact that is not
 * given is zeroed, as that of a stream that does not exist. */
#define GIVEN_FACT(fact, ...) cairn_scenario_fact(CAIRN_HERE_, #fact, CAIRN_ANY_(fact, __VA_ARGS__))
/* The stream that the following events are of, and the time at which they happen. A decider has
 * one stream: there STREAM() comes first. */
#define STREAM(id) cairn_scenario_stream(CAIRN_HERE_, (id))
#define AT(rfc3339) cairn_scenario_at(CAIRN_HERE_, (rfc3339))

/* The id that cairn_new_id(given, label) gives in this scenario. */
#define NEW_ID(label) cairn_scenario_new_id(scenario_, (label))

/* A command. As in the service, one whose route has no {id} creates its stream: it is decided on a
 * zeroed state, and refused as "already-exists" where there are events; any other is refused as
 * "not-found" where there are none. CAIRN_NOTHING stands for the members of an empty record. */
#define WHEN(...) cairn_scenario_when(CAIRN_HERE_, CAIRN_ANY_(__VA_ARGS__))
/* What a process waits for: an event, a timer, the refusal of a command that it sent. */
#define WHEN_EVENT(...) cairn_scenario_when_event(CAIRN_HERE_, CAIRN_ANY_(__VA_ARGS__))
#define WHEN_TIMER(name) cairn_scenario_when_timer(CAIRN_HERE_, (name))
#define WHEN_REFUSED(tag, reason) cairn_scenario_when_refused(CAIRN_HERE_, &tag##_record, (reason))

/* The next event that came out. Events, claims, commands and timers each have an order of their
 * own: a THEN_CLAIMED may stand before or after a THEN. */
#define THEN(...) cairn_scenario_then(CAIRN_HERE_, CAIRN_ANY_(__VA_ARGS__))
/* Nothing came out, or nothing more than was named. */
#define THEN_NOTHING() cairn_scenario_then_nothing(CAIRN_HERE_)
/* The reason that cairn_refuse() was given, or the name of another code: "not-found". */
#define THEN_REFUSED(reason) cairn_scenario_then_refused(CAIRN_HERE_, (reason))
#define THEN_CLAIMED(scope, key) cairn_scenario_then_claim(CAIRN_HERE_, true, (scope), (key))
#define THEN_RELEASED(scope, key) cairn_scenario_then_claim(CAIRN_HERE_, false, (scope), (key))

/* The row with this key, whole: fields that are not named must be zero. */
#define THEN_ROW(key, ...) cairn_scenario_then_row(CAIRN_HERE_, (key), CAIRN_ANY_(__VA_ARGS__))
#define THEN_NO_ROW(key) cairn_scenario_then_no_row(CAIRN_HERE_, (key))
/* The row was set aside: apply said CAIRN_PARK. Later events of its key wait. */
#define THEN_PARKED(key) cairn_scenario_then_parked(CAIRN_HERE_, (key))

/* The next command that was sent, to whichever stream, and to this one. */
#define THEN_SENT(...)                                                                             \
    cairn_scenario_then_sent(CAIRN_HERE_, (struct cairn_uuid){0}, CAIRN_ANY_(__VA_ARGS__))
#define THEN_SENT_TO(id, ...) cairn_scenario_then_sent(CAIRN_HERE_, (id), CAIRN_ANY_(__VA_ARGS__))
/* The next timer that was set or moved, or cancelled. */
#define THEN_TIMER(name, rfc3339) cairn_scenario_then_timer(CAIRN_HERE_, (name), (rfc3339))
#define THEN_CANCELLED(name) cairn_scenario_then_timer(CAIRN_HERE_, (name), NULL)

/* ---- golden files ---- */

/* Holds the events of a noun against files of events that were published once, and stay readable
 * for ever: CAIRN_GOLDEN("tests/golden", order).
 *
 * For each event type and each of its versions there is a file DIRECTORY/CATEGORY/TYPE.vN.json with
 * the data of one event, committed with the sources. That of the newest version has to be read as
 * strictly as a request and written again to the same bytes: whoever adds, renames, retypes or
 * takes away a field finds out here that a new version is needed. Older ones have to be lifted by
 * the event's upcasters. A file whose event is not in the table any more fails too.
 *
 * Run once with the environment's CAIRN_GOLDEN=write, the test makes the file of a newest version
 * that is missing, with something in every field. It never changes one that is there. */
#define CAIRN_GOLDEN(directory, noun) cairn_golden(__FILE__, __LINE__, (directory), &noun##_events)

/* What the macros call. */
void cairn_golden(const char *file, int line, const char *directory,
                  const struct cairn_events *events);

struct cairn_any {
    const struct cairn_record *record;
    const void *value;
};
struct cairn_scenario *cairn_scenario_decider(const struct cairn_decider *decider);
struct cairn_scenario *cairn_scenario_projection(const struct cairn_projection *projection);
struct cairn_scenario *cairn_scenario_process(const struct cairn_process *process);
void cairn_scenario_close(struct cairn_scenario **scenario);

struct cairn_here {
    struct cairn_scenario *scenario;
    const char *file;
    int line;
};
void cairn_scenario_stream(struct cairn_here here, struct cairn_uuid id);
struct cairn_uuid cairn_scenario_new_id(const struct cairn_scenario *scenario, const char *label);
void cairn_scenario_at(struct cairn_here here, const char *rfc3339);
void cairn_scenario_given(struct cairn_here here, struct cairn_any event);
void cairn_scenario_fact(struct cairn_here here, const char *fact, struct cairn_any state);
void cairn_scenario_when(struct cairn_here here, struct cairn_any command);
void cairn_scenario_when_event(struct cairn_here here, struct cairn_any event);
void cairn_scenario_when_timer(struct cairn_here here, const char *name);
void cairn_scenario_when_refused(struct cairn_here here, const struct cairn_record *command,
                                 const char *reason);
void cairn_scenario_then(struct cairn_here here, struct cairn_any event);
void cairn_scenario_then_nothing(struct cairn_here here);
void cairn_scenario_then_refused(struct cairn_here here, const char *reason);
void cairn_scenario_then_claim(struct cairn_here here, bool taken, const char *scope,
                               const char *key);
void cairn_scenario_then_row(struct cairn_here here, const char *key, struct cairn_any row);
void cairn_scenario_then_no_row(struct cairn_here here, const char *key);
void cairn_scenario_then_parked(struct cairn_here here, const char *key);
void cairn_scenario_then_sent(struct cairn_here here, struct cairn_uuid to,
                              struct cairn_any command);
void cairn_scenario_then_timer(struct cairn_here here, const char *name, const char *rfc3339);

#define CAIRN_SCENARIO_(open)                                                                      \
    struct cairn_scenario *scenario_ __attribute__((cleanup(cairn_scenario_close))) = (open)
#define CAIRN_HERE_ ((struct cairn_here){scenario_, __FILE__, __LINE__})
#define CAIRN_ANY_(tag, ...) ((struct cairn_any){&tag##_record, &(const struct tag){__VA_ARGS__}})

#endif
