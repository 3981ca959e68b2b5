/* test_kit.h - the functions and macros that test.h is made of. Tests include test.h. */
#ifndef CAIRN_TEST_KIT_H
#define CAIRN_TEST_KIT_H

#include <cairn/process.h>
#include <cairn/projection.h>

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
void cairn_scenario_close(struct cairn_scenario **scenario);

struct cairn_here {
    struct cairn_scenario *scenario;
    const char *file;
    int line;
};
void cairn_scenario_stream(struct cairn_here here, struct cairn_uuid id);
struct cairn_uuid cairn_scenario_new_id(const struct cairn_scenario *scenario, const char *label);
void cairn_scenario_at(struct cairn_here here, const char *rfc3339);
void cairn_scenario_advance(struct cairn_here here, const char *rfc3339);
void cairn_scenario_pass(struct cairn_here here, const char *duration);
void cairn_scenario_fresh_ids(struct cairn_here here);
void cairn_scenario_instance(struct cairn_here here, struct cairn_uuid id);
void cairn_scenario_given(struct cairn_here here, struct cairn_any event);
void cairn_scenario_given_claim(struct cairn_here here, const char *scope, const char *key);
void cairn_scenario_given_range(struct cairn_here here, const char *scope, const char *key,
                                int64_t from, int64_t to);
void cairn_scenario_fact(struct cairn_here here, const char *fact, struct cairn_any state);
void cairn_scenario_when(struct cairn_here here, struct cairn_any command);
void cairn_scenario_when_event(struct cairn_here here, struct cairn_any event);
void cairn_scenario_when_timer(struct cairn_here here, const char *name);
void cairn_scenario_when_refused(struct cairn_here here, const struct cairn_record *command,
                                 enum cairn_code code, const char *reason);
void cairn_scenario_then(struct cairn_here here, struct cairn_any event);
void cairn_scenario_then_nothing(struct cairn_here here);
void cairn_scenario_then_refused(struct cairn_here here, const char *reason);
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

#define CAIRN_SCENARIO_(open)                                                                      \
    struct cairn_scenario *scenario_ __attribute__((cleanup(cairn_scenario_close))) = (open)
#define CAIRN_HERE_ ((struct cairn_here){scenario_, __FILE__, __LINE__})
#define CAIRN_ANY_(...) CAIRN_ANY_OF_(__VA_ARGS__, )
#define CAIRN_ANY_OF_(tag, ...) ((struct cairn_any){&tag##_record, CAIRN_OF_(tag, __VA_ARGS__)})

CAIRN_END_C

#endif
