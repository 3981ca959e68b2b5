/* test.h - given-when-then tests of a service: of its rules and read models, which need no
 * database, no clock and no network, and of its other parts and the whole.
 *
 *     static void an_order_ships_once(void **state)
 *     {
 *         (void)state;
 *         CAIRN_DECIDING(order);
 *         GIVEN(order_placed, .user_id = ALICE, .currency = "EUR", .total = 900,
 *               .lines = CAIRN_ITEMS(order_line, {"tea-100", 2, 450}),
 *               .card_token = "tok_visa");
 *         GIVEN(order_paid, .payment_id = PAYMENT, .currency = "EUR", .total = 900);
 *         WHEN(ship_order, .carrier = "DHL", .tracking = "1");
 *         THEN(order_shipped, .carrier = "DHL", .tracking = "1");
 *         WHEN(ship_order, .carrier = "DHL", .tracking = "2");
 *         THEN_REFUSED("order-already-shipped");
 *     }
 *
 *     a test of             begins with        goes on with
 *     a decider             CAIRN_DECIDING     GIVEN, WHEN, THEN, THEN_REFUSED, THEN_CLAIMED
 *     its policies          CAIRN_DECIDING     AS, THEN_FORBIDDEN
 *     any commands          CAIRN_PROPERTY     an invariant, see test_property.h
 *     a projection          CAIRN_PROJECTING   GIVEN, THEN_ROW, THEN_PARKED
 *     a process manager     CAIRN_PROCESSING   GIVEN, WHEN_EVENT, PASS, THEN_SENT, THEN_TIMER
 *     a reactor             CAIRN_REACTING     WHEN_EVENT, THEN_TOLD, THEN_CALLED, THEN_OUTCOME
 *     a consumer            CAIRN_CONSUMING    WHEN_EVENT, WHEN_STATE, THEN_SQL, THEN_OUTCOME
 *     a service over HTTP   CAIRN_SERVING      WHEN_POST, WHEN_GET, THEN_STATUS, THEN_BODY_HAS
 *     an upcaster           any of these       GIVEN (an old event), THEN_UPCAST
 *     old events            CAIRN_GOLDEN
 *
 * Everything is compared as JSON text, so a failure shows both sides as they would be stored. Every
 * result of a WHEN must be named: an event, a claim, a refusal, a command or a timer that no THEN
 * names fails the test, at the next GIVEN or WHEN or at the end of the block. So does a row that
 * was parked and that no THEN_PARKED names.
 *
 * A test must not start from an impossible state: the values of GIVEN and WHEN are checked against
 * the field tables, as in the service.
 *
 * docs/guide/testing.md builds a service and tests each of its parts.
 *
 * A crash in one of your functions is reported with the line of the test, the function and where it
 * is defined: "test_order.c:40: CAIRN_DECIDE(order, ship_order) (order.c:120) crashed: …".
 *
 * The kit depends on no test framework. A failure prints to standard error and calls abort(),
 * unless cairn_test_on_failure() sets another action. */
#ifndef CAIRN_TEST_H
#define CAIRN_TEST_H

#include <cairn/test_kit.h>
#include <cairn/test_property.h>

CAIRN_BEGIN_C

/* A test in progress. The clock stands at 2026-01-01T00:00:00Z until AT() moves it; the stream's
 * id is CAIRN_TEST_ID until STREAM() names another; its events have the versions 1, 2, 3… */
struct cairn_scenario;

#define CAIRN_TEST_KEY "01890000-0000-7000-8000-000000000001" /* of the row keyed by that id */
#define CAIRN_TEST_ID CAIRN_UUID(CAIRN_TEST_KEY)

/* Sets the function that handles a failure: it may jump away or return; `message` is valid until
 * then. NULL restores printing and aborting. */
typedef void cairn_test_failure(const char *file, int line, const char *message);
void cairn_test_on_failure(cairn_test_failure *failure);

/* Begin a test: each declares the scenario, which is checked and freed when the block ends. */
#define CAIRN_DECIDING(noun) CAIRN_SCENARIO_(cairn_scenario_decider(&noun##_decider))
#define CAIRN_PROJECTING(row) CAIRN_SCENARIO_(cairn_scenario_projection(&row##_projection))
#define CAIRN_PROCESSING(name) CAIRN_SCENARIO_(cairn_scenario_process(&name##_process))
#define CAIRN_REACTING(name) CAIRN_SCENARIO_(cairn_scenario_reactor(&name##_reactor))
#define CAIRN_CONSUMING(name) CAIRN_SCENARIO_(cairn_scenario_consumer(&name##_consumer))
#define CAIRN_SERVING(service, database_url)                                                       \
    CAIRN_SCENARIO_(cairn_scenario_service(&(service), (database_url)))

/* In the macros below, an event, a command or a row is given by its struct and its members:
 * GIVEN(order_paid, .total = 900). A macro may expand to both. */

/* States an earlier event. In a projection's test it is applied to the rows that its keys name; in
 * a process' test the reaction to it is not checked. One that no handler is for is passed over, as
 * in the service. Events that an accepted WHEN emitted count as earlier events, too, and need not
 * be given. An event may be given in the shape of an older version, and is lifted like a stored
 * one: GIVEN(order_placed_v1, .cents = 900). */
#define GIVEN(...) cairn_scenario_given(CAIRN_HERE_, CAIRN_ANY_(__VA_ARGS__))
/* States a fact of another stream: GIVEN_FACT(order_customer, .active = true). A fact of the
 * decider's own noun need not be given: it follows from the events of the stream that the command
 * names, if the test has it (STREAM). Any other fact that is not given is zeroed, as that of a
 * stream that does not exist. */
#define GIVEN_FACT(fact, ...) cairn_scenario_fact(CAIRN_HERE_, #fact, CAIRN_ANY_(fact, __VA_ARGS__))
/* State a claim that another stream holds, which is none of this test's. */
#define GIVEN_CLAIMED(scope, key) cairn_scenario_given_claim(CAIRN_HERE_, (scope), (key))
#define GIVEN_CLAIMED_RANGE(scope, key, from, to)                                                  \
    cairn_scenario_given_range(CAIRN_HERE_, (scope), (key), CAIRN_NUMBER_(from), CAIRN_NUMBER_(to))
/* Set the stream and the time of what follows; in a decider's test, of the commands too. Each
 * stream has a state of its own. */
#define STREAM(id) cairn_scenario_stream(CAIRN_HERE_, (id))
#define AT(rfc3339) cairn_scenario_at(CAIRN_HERE_, (rfc3339))
/* Names the caller that caused the events given from here on (cairn_caused_by); NULL: none. */
#define CAUSED_BY(sub) cairn_scenario_caused_by(CAIRN_HERE_, (sub))
/* Names the caller of the following WHENs of a decider's test: its subject and its roles, as its
 * token would. AS("ada"), AS("bob", "clerk", "support"). AS_NO_ONE() is a caller without a token.
 * With either, commands are compared with their policies (policy.h), owners too, and the decision
 * has the caller as `given->actor`. Without, policies are not looked at, as in a service that does
 * not authenticate. A command that creates a stream of its owner's id needs STREAM(ADA). */
#define AS(...) cairn_scenario_as(CAIRN_HERE_, (const char *const[]){__VA_ARGS__, NULL})
#define AS_NO_ONE() cairn_scenario_as(CAIRN_HERE_, (const char *const[]){NULL})
/* Let time pass: ADVANCE_TO("2026-01-02T00:00:00Z"), PASS("P1D"), PASS("PT15M"). In a process' test
 * they are inputs: the timers of all processes that are due by then fire, each at its time and in
 * that order, also those that are set meanwhile. AT() fires nothing. */
#define ADVANCE_TO(rfc3339) cairn_scenario_advance(CAIRN_HERE_, (rfc3339))
#define PASS(duration) cairn_scenario_pass(CAIRN_HERE_, (duration))

/* Returns the id that cairn_new_id(given, label) returns in this scenario: for the current stream,
 * or the process that reacted last or that INSTANCE names. The same label gives the same id, unless
 * FRESH_IDS() at the beginning makes it another one for each WHEN, as in the service. */
#define NEW_ID(label) cairn_scenario_new_id(scenario_, (label))
#define FRESH_IDS() cairn_scenario_fresh_ids(CAIRN_HERE_)

/* Runs a command. As in the service, a command whose route has no {id} creates its stream: it is
 * decided on a zeroed state, and refused as "already-exists" if there are events; any other is
 * refused as "not-found" if there are none. One that claims what another stream of the test holds,
 * by a WHEN before it or a GIVEN_CLAIMED, is refused as "claimed". */
#define WHEN(...) cairn_scenario_when(CAIRN_HERE_, CAIRN_ANY_(__VA_ARGS__))
/* An input of a process: an event, which goes to the process that it names; a timer; the final
 * refusal of the command that was sent last under this name, by the domain or with another code:
 * WHEN_REFUSED_AS(book_room, CAIRN_CLAIMED, ""). */
#define WHEN_EVENT(...) cairn_scenario_when_event(CAIRN_HERE_, CAIRN_ANY_(__VA_ARGS__))
#define WHEN_TIMER(name) cairn_scenario_when_timer(CAIRN_HERE_, (name))
/* A schedule, by its label: WHEN_EVERY("daily") for CAIRN_WHEN_EVERY(office, daily, …). It is for
 * the one process that the service starts for it. PASS calls it, too, at the end of each period. */
#define WHEN_EVERY(label) cairn_scenario_when_timer(CAIRN_HERE_, (label))
#define WHEN_REFUSED(tag, reason) WHEN_REFUSED_AS(tag, CAIRN_REFUSED, reason)
#define WHEN_REFUSED_AS(tag, code, reason)                                                         \
    cairn_scenario_when_refused(CAIRN_HERE_, &tag##_record, (code), (reason))
/* The same for the last but one, or an earlier one, to the stream: answers may come late, and after
 * a crash twice. WHEN_REFUSED_LATE(book_room, ROOM, CAIRN_REFUSED, "room-taken"). */
#define WHEN_REFUSED_LATE(tag, id, code, reason)                                                   \
    cairn_scenario_when_refused_late(CAIRN_HERE_, &tag##_record, (id), (code), (reason))
/* Names one of several processes, until the next event or passing of time: the one that the next
 * WHEN_TIMER or WHEN_REFUSED is for, and whose results the THENs name:
 *
 *     PASS("P2D");
 *     INSTANCE(ALICE);
 *     THEN_SENT(cancel_reservation, .reason = "not confirmed");
 *     INSTANCE(BOB);
 *     THEN_SENT(cancel_reservation, .reason = "not confirmed");
 *
 * Without it, THENs name the results of all processes, in the order in which they came. */
#define INSTANCE(id) cairn_scenario_instance(CAIRN_HERE_, (id))

/* Expects the next event that was emitted. Events, claims, commands and timers are each in an order
 * of their own: a THEN_CLAIMED may precede or follow a THEN. */
#define THEN(...) cairn_scenario_then(CAIRN_HERE_, CAIRN_ANY_(__VA_ARGS__))
/* Expects no result, or none besides those named. */
#define THEN_NOTHING() cairn_scenario_then_nothing(CAIRN_HERE_)
/* Expects the reason given to cairn_refuse(), or the name of another code: "not-found". */
#define THEN_REFUSED(reason) cairn_scenario_then_refused(CAIRN_HERE_, (reason))
/* Expects that the command's policy does not allow it to the caller that AS names: it has no token,
 * not the role, or the stream or the command is of another owner. To tell which:
 * THEN_REFUSED("unauthenticated"), "forbidden", and "not-found" for another owner's stream. */
#define THEN_FORBIDDEN() cairn_scenario_then_forbidden(CAIRN_HERE_)
#define THEN_CLAIMED(scope, key) cairn_scenario_then_claim(CAIRN_HERE_, true, (scope), (key))
#define THEN_RELEASED(scope, key) cairn_scenario_then_claim(CAIRN_HERE_, false, (scope), (key))
#define THEN_CLAIMED_RANGE(scope, key, from, to)                                                   \
    cairn_scenario_then_range(CAIRN_HERE_, true, (scope), (key), CAIRN_NUMBER_(from),              \
                              CAIRN_NUMBER_(to))
#define THEN_RELEASED_RANGE(scope, key, from, to)                                                  \
    cairn_scenario_then_range(CAIRN_HERE_, false, (scope), (key), CAIRN_NUMBER_(from),             \
                              CAIRN_NUMBER_(to))

/* Expects the complete row with this key: fields that are not named must be zero. */
#define THEN_ROW(key, ...) cairn_scenario_then_row(CAIRN_HERE_, (key), CAIRN_ANY_(__VA_ARGS__))
#define THEN_NO_ROW(key) cairn_scenario_then_no_row(CAIRN_HERE_, (key))
/* Expects a parked row: apply returned CAIRN_PARK. Later events of its key wait. */
#define THEN_PARKED(key) cairn_scenario_then_parked(CAIRN_HERE_, (key))

/* Expect the next command that was sent: to any stream, or to this one. */
#define THEN_SENT(...)                                                                             \
    cairn_scenario_then_sent(CAIRN_HERE_, (struct cairn_uuid){0}, CAIRN_ANY_(__VA_ARGS__))
#define THEN_SENT_TO(id, ...) cairn_scenario_then_sent(CAIRN_HERE_, (id), CAIRN_ANY_(__VA_ARGS__))
/* Expect the next timer that was set or moved, or cancelled. */
#define THEN_TIMER(name, rfc3339) cairn_scenario_then_timer(CAIRN_HERE_, (name), (rfc3339))
#define THEN_CANCELLED(name) cairn_scenario_then_timer(CAIRN_HERE_, (name), NULL)

/* ---- upcasters ---- */

/* Expects what the event that was given last became, in the newest version or in one between. The
 * event was given in the shape of an older version, to any kind of test:
 *
 *     CAIRN_DECIDING(order);
 *     GIVEN(order_placed_v1, .cents = 900);
 *     THEN_UPCAST(order_placed_v2, .total = 900);
 *     THEN_UPCAST(order_placed, .total = 900, .currency = "EUR"); */
#define THEN_UPCAST(...) cairn_scenario_then_upcast(CAIRN_HERE_, CAIRN_ANY_(__VA_ARGS__))

/* ---- reactors ---- */

/* CAIRN_REACTING calls the handlers of a reactor:
 *
 *     CAIRN_REACTING(charging);
 *     TARGET_SETTING(payment_service, "CAIRN_ACQUIRER_URL");
 *     CALL_ANSWERS(201, "{\"charge\":\"ch_1\"}");
 *     WHEN_EVENT(payment_requested, .amount = 900, .currency = "EUR");
 *     THEN_CALLED("POST", "/charges", "{\"amount\":900,\"currency\":\"EUR\"}");
 *     THEN_TOLD(authorize_payment, .reference = "ch_1");
 *     THEN_OUTCOME(CAIRN_DONE);
 *
 * The outcome CAIRN_DONE need not be named, any other one must be. */

/* Calls the handler again for the event of the last WHEN_EVENT, with the same idempotency key and
 * the next `attempt`, as after CAIRN_TRY_AGAIN or a crash. */
#define WHEN_RETRIED() cairn_scenario_when_retried(CAIRN_HERE_)

/* Sets what CAIRN_TELL returns for the next command, once; say it before the WHEN_EVENT. Commands
 * without an answer are carried out. TELL_ANSWERS(CAIRN_REFUSED, "payment-closed") is a refusal by
 * the domain, TELL_ANSWERS(CAIRN_UNAVAILABLE, "") a service that cannot be reached. An answer that
 * no command takes fails the test. */
#define TELL_ANSWERS(code, reason) cairn_scenario_tell_answers(CAIRN_HERE_, (code), (reason))
/* Sets what the next CAIRN_LOOK finds, once; say it before the WHEN_EVENT:
 *     LOOK_FINDS(guest_row, .name = "Ada");
 * LOOK_FINDS_NOTHING(): there is no such row. One that nothing reads fails the test. */
#define LOOK_FINDS(...) cairn_scenario_look_finds(CAIRN_HERE_, CAIRN_ANY_(__VA_ARGS__))
#define LOOK_FINDS_NOTHING() cairn_scenario_look_finds(CAIRN_HERE_, (struct cairn_any){NULL, NULL})
/* Expect the next command that was told: to any stream, or to this one. */
#define THEN_TOLD(...)                                                                             \
    cairn_scenario_then_told(CAIRN_HERE_, (struct cairn_uuid){0}, CAIRN_ANY_(__VA_ARGS__))
#define THEN_TOLD_TO(id, ...) cairn_scenario_then_told(CAIRN_HERE_, (id), CAIRN_ANY_(__VA_ARGS__))
/* Expects what the handler returned: an enum cairn_outcome. */
#define THEN_OUTCOME(outcome) cairn_scenario_then_outcome(CAIRN_HERE_, (outcome))
/* Returns `call->idempotency_key` of the last WHEN_EVENT. */
#define EVENT_KEY() cairn_scenario_event_key(CAIRN_HERE_)

/* ---- consumers ---- */

/* CAIRN_CONSUMING calls the handlers of a consumer:
 *
 *     CAIRN_CONSUMING(ledger);
 *     WHEN_STATE(order_paid, order_summary, .order_id = ORDER, .total = 900);
 *     THEN_SQL("select order_id, total from ledger", ORDER_TEXT "|900");
 *
 * WHEN_EVENT, WHEN_RETRIED, EVENT_KEY and THEN_OUTCOME are those of reactors. A handler that uses
 * `delivery->sql` gets the database that DATABASE_URL names, in one transaction for the whole test,
 * which is rolled back; a handler that does not needs no database. As in the service, what a
 * handler writes is kept if it returns CAIRN_DONE and no statement has failed. */

/* An event that carries a state: the event's struct, then a row; or the row was deleted. */
#define WHEN_STATE(event, ...)                                                                     \
    cairn_scenario_when_state(CAIRN_HERE_, &event##_record, CAIRN_ANY_(__VA_ARGS__))
#define WHEN_DELETED(event) cairn_scenario_when_bare(CAIRN_HERE_, &event##_record, false)
/* A thin event. */
#define WHEN_THIN(event) cairn_scenario_when_bare(CAIRN_HERE_, &event##_record, true)
/* Calls the consumer's `.work` once. */
#define WHEN_WORKED() cairn_scenario_when_worked(CAIRN_HERE_)

/* Names another database than DATABASE_URL; comes first. */
#define DATABASE(url) cairn_scenario_database(CAIRN_HERE_, (url))
/* Runs statements in the test's transaction: GIVEN_SQL("insert into …; …"). */
#define GIVEN_SQL(statements) cairn_scenario_given_sql(CAIRN_HERE_, (statements))
/* Expects the rows of a query, as `psql -At` prints them: columns separated by "|", rows by line
 * breaks, null as nothing; no rows are "". */
#define THEN_SQL(query, rows) cairn_scenario_then_sql(CAIRN_HERE_, (query), (rows))

/* ---- services over HTTP ---- */

/* CAIRN_SERVING runs a service in the test's process, with all its parts: routes, projections,
 * processes, reactors, on a free port of the loopback, without Redis:
 *
 *     CAIRN_SERVING(invoice_service, NULL);
 *     WHEN_POST("/invoices", "{\"customer\":\"Ada\",\"currency\":\"EUR\",\"amount\":900}");
 *     THEN_STATUS(201);
 *     const char *invoice = LOCATION();
 *     WHEN_POST(PATH("%s/pay", invoice), "{\"amount\":901}");
 *     THEN_STATUS(422);
 *     THEN_BODY_HAS("/code", "invoice-overpaid");
 *     WHEN_GET(invoice);
 *     THEN_BODY_HAS("/owed", "900");
 *
 * The database is named by its URL, and has the schema already (`cairn migrate`). NULL makes one of
 * the test's own, with an empty log, beside the one that DATABASE_URL names, and drops it at the
 * end. All other configuration is read from the environment.
 *
 * GIVEN appends an event of the service to the log, in the stream that STREAM() names: so a query
 * is tested on the rows that events make. Every query is sent with the newest Cairn-Position that
 * the test has seen, and so is never older. Targets of the test (below) come before the first
 * request or GIVEN, at which the service is started.
 *
 * A test that a failed assertion has left is stopped by the next CAIRN_SERVING. */

/* Runs a further service in the same process: a projector, a query service. */
#define SERVING_TOO(service) cairn_scenario_serving_too(CAIRN_HERE_, &(service))

/* Send a request and wait for its answer. The body is JSON, or what HEADER("Content-Type", …) says;
 * NULL: there is none. */
#define WHEN_POST(path, body) WHEN_REQUEST("POST", path, body)
#define WHEN_GET(path) WHEN_REQUEST("GET", path, NULL)
#define WHEN_REQUEST(method, path, body)                                                           \
    cairn_scenario_when_request(CAIRN_HERE_, (method), (path), (body))
/* Adds a header to the next request: HEADER("If-Match", "\"1\""). */
#define HEADER(name, value) cairn_scenario_header(CAIRN_HERE_, (name), (value))

/* Expects the status. One from 300 on must be named. */
#define THEN_STATUS(status) cairn_scenario_then_status(CAIRN_HERE_, (status))
/* Expects a header; NULL: none of this name. */
#define THEN_HEADER(name, value) cairn_scenario_then_header(CAIRN_HERE_, (name), (value))
/* Expects a value in the body, at a JSON pointer: a text, or JSON: THEN_BODY_HAS("/next", "null").
 */
#define THEN_BODY_HAS(pointer, value) cairn_scenario_then_body_has(CAIRN_HERE_, (pointer), (value))
/* Expects the whole body, as JSON if both are. */
#define THEN_BODY(json) cairn_scenario_then_body(CAIRN_HERE_, (json))
/* Sends GET requests until the body has that value, for what processes, reactors and other services
 * do; fails after 20 seconds. */
#define THEN_EVENTUALLY(path, pointer, value)                                                      \
    cairn_scenario_then_eventually(CAIRN_HERE_, (path), (pointer), (value))

/* Return texts that live as long as the test: the value at a JSON pointer of the answer, its
 * Location, a formatted path. */
#define ANSWER(pointer) cairn_scenario_answer(CAIRN_HERE_, (pointer))
#define LOCATION() cairn_scenario_location(CAIRN_HERE_)
#define PATH(...) cairn_scenario_path(CAIRN_HERE_, __VA_ARGS__)

/* ---- calls to other systems ---- */

/* Replace a system that is called by HTTP (outbound.h) by a server of the test, which answers by a
 * script and records the calls. It is named by its target, or by the service's setting that has its
 * URL; then the service's other settings have their fallbacks, and its `start` and `stop` are
 * called, as in the process. The last one named is the one that the macros below are about. At the
 * end of the test the URLs are restored, and all targets of the process are closed. */
#define TARGET(target) cairn_scenario_target(CAIRN_HERE_, (target))
#define TARGET_SETTING(service, name) cairn_scenario_target_setting(CAIRN_HERE_, &(service), (name))

/* Adds an answer to the script: a status and a body, then what struct cairn_test_answer has besides
 * (test_kit.h): CALL_ANSWERS(503, "", .headers = "Retry-After: 1\r\n"). CALL_CUT() closes the
 * connection instead, when the request was received. Each call takes the next one, also a repeated
 * attempt of the same call. A call that finds none fails the test, and so does an answer that no
 * call takes. */
#define CALL_ANSWERS(status_, ...) CALL_ANSWERS_(status_, __VA_ARGS__, )
#define CALL_ANSWERS_(status_, body_, ...)                                                         \
    cairn_scenario_call_answers(CAIRN_HERE_, CAIRN_OF_(cairn_test_answer, .status = (status_),     \
                                                       .body = (body_), __VA_ARGS__))
#define CALL_CUT()                                                                                 \
    cairn_scenario_call_answers(CAIRN_HERE_, CAIRN_OF_(cairn_test_answer, .cut = true))
/* Refuse connections, and accept them again. */
#define TARGET_AWAY() cairn_scenario_target_away(CAIRN_HERE_, true)
#define TARGET_BACK() cairn_scenario_target_away(CAIRN_HERE_, false)

/* Expects the next call. Bodies are compared as JSON if both are, else as text; NULL: any body. */
#define THEN_CALLED(method, path, body)                                                            \
    cairn_scenario_then_called(CAIRN_HERE_, (method), (path), (body))
/* Expects a header of that call: THEN_CALL_HEADER("Idempotency-Key", EVENT_KEY()); NULL: none. */
#define THEN_CALL_HEADER(name, value) cairn_scenario_then_call_header(CAIRN_HERE_, (name), (value))

/* ---- golden files ---- */

/* Checks the events of a noun against golden files: events that were published once and have to
 * stay readable. CAIRN_GOLDEN("tests/golden", order).
 *
 * For each event type and each of its versions there is a file DIRECTORY/CATEGORY/TYPE.vN.json with
 * the data of one event, committed with the sources. The file of the newest version has to decode
 * as strictly as a request and encode to the same bytes: a field that is added, renamed, retyped or
 * removed without a new version fails here. Older ones have to be lifted by the event's upcasters.
 * A file whose event is no longer in the table fails too.
 *
 * Run once with CAIRN_GOLDEN=write in the environment, the test writes the missing file of a newest
 * version, with a value in every field. It never changes an existing file. */
#define CAIRN_GOLDEN(directory, noun) cairn_golden(__FILE__, __LINE__, (directory), &noun##_events)

CAIRN_END_C

#endif
