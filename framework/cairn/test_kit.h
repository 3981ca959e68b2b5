/* test_kit.h - the functions and macros that test.h is made of. Tests include test.h. */
#ifndef CAIRN_TEST_KIT_H
#define CAIRN_TEST_KIT_H

#include <cairn/outbound.h>
#include <cairn/service.h>

CAIRN_BEGIN_C

struct cairn_scenario;

void cairn_golden(const char *file, int line, const char *directory,
                  const struct cairn_events *events);

struct cairn_any {
    const struct cairn_record *record;
    const void *value;
};
struct cairn_scenario *cairn_scenario_decider(const struct cairn_decider *decider);
struct cairn_scenario *cairn_scenario_projection(const struct cairn_projection *projection);
struct cairn_scenario *cairn_scenario_process(const struct cairn_process *process);
struct cairn_scenario *cairn_scenario_reactor(const struct cairn_reactor *reactor);
struct cairn_scenario *cairn_scenario_consumer(const struct cairn_consumer *consumer);
struct cairn_scenario *cairn_scenario_service(const struct cairn_service *service, const char *url);
struct cairn_scenario *cairn_scenario_begun(struct cairn_scenario *scenario, const char *file,
                                            int line);
void cairn_scenario_close(struct cairn_scenario **scenario);

struct cairn_here {
    struct cairn_scenario *scenario;
    const char *file;
    int line;
};
void cairn_scenario_stream(struct cairn_here here, struct cairn_uuid id);
struct cairn_uuid cairn_scenario_new_id(const struct cairn_scenario *scenario, const char *label);
void cairn_scenario_at(struct cairn_here here, const char *rfc3339);
void cairn_scenario_caused_by(struct cairn_here here, const char *sub);
void cairn_scenario_advance(struct cairn_here here, const char *rfc3339);
void cairn_scenario_pass(struct cairn_here here, const char *duration);
void cairn_scenario_fresh_ids(struct cairn_here here);
void cairn_scenario_instance(struct cairn_here here, struct cairn_uuid id);
void cairn_scenario_as(struct cairn_here here, const char *const *words);
void cairn_scenario_given(struct cairn_here here, struct cairn_any event);
void cairn_scenario_given_claim(struct cairn_here here, const char *scope, const char *key);
void cairn_scenario_given_range(struct cairn_here here, const char *scope, const char *key,
                                int64_t from, int64_t to);
void cairn_scenario_then_upcast(struct cairn_here here, struct cairn_any event);
void cairn_scenario_fact(struct cairn_here here, const char *fact, struct cairn_any state);
void cairn_scenario_when(struct cairn_here here, struct cairn_any command);
void cairn_scenario_when_event(struct cairn_here here, struct cairn_any event);
void cairn_scenario_when_timer(struct cairn_here here, const char *name);
void cairn_scenario_when_refused(struct cairn_here here, const struct cairn_record *command,
                                 enum cairn_code code, const char *reason);
void cairn_scenario_when_refused_late(struct cairn_here here, const struct cairn_record *command,
                                      struct cairn_uuid id, enum cairn_code code,
                                      const char *reason);
void cairn_scenario_then(struct cairn_here here, struct cairn_any event);
void cairn_scenario_then_nothing(struct cairn_here here);
void cairn_scenario_then_refused(struct cairn_here here, const char *reason);
void cairn_scenario_then_forbidden(struct cairn_here here);
void cairn_scenario_then_claim(struct cairn_here here, bool taken, const char *scope,
                               const char *key);
void cairn_scenario_then_range(struct cairn_here here, bool taken, const char *scope,
                               const char *key, int64_t from, int64_t to);
void cairn_scenario_then_row(struct cairn_here here, const char *key, struct cairn_any row);
void cairn_scenario_then_no_row(struct cairn_here here, const char *key);
void cairn_scenario_then_parked(struct cairn_here here, const char *key);
void cairn_scenario_then_sent(struct cairn_here here, struct cairn_uuid to,
                              struct cairn_any command);
void cairn_scenario_then_timer(struct cairn_here here, const char *name, const char *rfc3339);

void cairn_scenario_look_finds(struct cairn_here here, struct cairn_any any);
void cairn_scenario_tell_answers(struct cairn_here here, enum cairn_code code, const char *reason);
void cairn_scenario_when_retried(struct cairn_here here);
const char *cairn_scenario_event_key(struct cairn_here here);
void cairn_scenario_then_told(struct cairn_here here, struct cairn_uuid to,
                              struct cairn_any command);
void cairn_scenario_then_outcome(struct cairn_here here, enum cairn_outcome outcome);
void cairn_scenario_when_state(struct cairn_here here, const struct cairn_record *event,
                               struct cairn_any row);
void cairn_scenario_when_bare(struct cairn_here here, const struct cairn_record *event, bool thin);
void cairn_scenario_when_worked(struct cairn_here here);
void cairn_scenario_database(struct cairn_here here, const char *url);
void cairn_scenario_given_sql(struct cairn_here here, const char *statements);
void cairn_scenario_then_sql(struct cairn_here here, const char *query, const char *rows);

void cairn_scenario_serving_too(struct cairn_here here, const struct cairn_service *service);
void cairn_scenario_header(struct cairn_here here, const char *name, const char *value);
void cairn_scenario_when_request(struct cairn_here here, const char *method, const char *path,
                                 const char *body);
void cairn_scenario_then_status(struct cairn_here here, int status);
void cairn_scenario_then_header(struct cairn_here here, const char *name, const char *value);
void cairn_scenario_then_body(struct cairn_here here, const char *json);
void cairn_scenario_then_body_has(struct cairn_here here, const char *pointer, const char *value);
void cairn_scenario_then_eventually(struct cairn_here here, const char *path, const char *pointer,
                                    const char *value);
const char *cairn_scenario_answer(struct cairn_here here, const char *pointer);
const char *cairn_scenario_location(struct cairn_here here);
const char *cairn_scenario_path(struct cairn_here here, const char *format, ...) CAIRN_PRINTF(2, 3);

struct cairn_test_answer {
    int status;
    const char *body;
    int64_t delay_ms;         /* before the answer, or the cut */
    bool cut;                 /* the connection is closed instead */
    const char *content_type; /* NULL: application/json */
    const char *headers;      /* further ones: "Retry-After: 1\r\n" */
};
void cairn_scenario_target(struct cairn_here here, struct cairn_target *target);
void cairn_scenario_target_setting(struct cairn_here here, const struct cairn_service *service,
                                   const char *name);
void cairn_scenario_target_away(struct cairn_here here, bool away);
void cairn_scenario_call_answers(struct cairn_here here, const struct cairn_test_answer *answer);
void cairn_scenario_then_called(struct cairn_here here, const char *method, const char *path,
                                const char *body);
void cairn_scenario_then_call_header(struct cairn_here here, const char *name, const char *value);

#define CAIRN_SCENARIO_(open)                                                                      \
    struct cairn_scenario *scenario_ __attribute__((cleanup(cairn_scenario_close))) =              \
        cairn_scenario_begun((open), __FILE__, __LINE__)
#define CAIRN_HERE_ ((struct cairn_here){scenario_, __FILE__, __LINE__})
#define CAIRN_ANY_(...) CAIRN_ANY_OF_(__VA_ARGS__, )
#define CAIRN_ANY_OF_(tag, ...) ((struct cairn_any){&tag##_record, CAIRN_OF_(tag, __VA_ARGS__)})

CAIRN_END_C

#endif
