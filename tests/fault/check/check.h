/* check.h - the checker: the rules that the evidence of a fault run has to meet.
 *
 * It does not depend on the framework: it reads the history and the final log, folds the events
 * of the shop, the hotel and the school with its own code, and compares. Each rule
 * has a name, which is part of every complaint, a function in one of the check_*.c files, and in
 * tests/unit/test_checker.c at least one falsified history that it must reject.
 *
 *     struct verdict verdict = {0};
 *     check_evidence(&evidence, &verdict);
 *     if (verdict.count) verdict_print(&verdict, stderr);
 *
 * A new rule is a new function in the table in check.c. */
#ifndef CHECK_H
#define CHECK_H

#include "evidence.h"

#include <stdio.h>

enum { VERDICT_KEPT = 80, VERDICT_KEPT_OF_A_RULE = 3 };

struct shop;

struct verdict {
    int count;
    struct {
        const char *rule;
        char text[400];
    } kept[VERDICT_KEPT]; /* the first few of each rule */
    int kept_count;
};

void verdict_add(struct verdict *verdict, const char *rule, const char *format, ...)
    CAIRN_PRINTF(3, 4);
/* Returns whether this rule has been broken. */
bool verdict_names(const struct verdict *verdict, const char *rule);
void verdict_print(const struct verdict *verdict, FILE *out);

/* The names of all rules, and of those that the hotel and the school have besides, ended by NULL; a
 * complaint must name one of them. */
extern const char *const check_rules[], *const check_hotel_rules[], *const check_school_rules[];

/* The rules on the evidence of the shop, of the hotel and of the school. */
void check_evidence(struct evidence *evidence, struct verdict *verdict);
void check_hotel(struct evidence *evidence, struct verdict *verdict);
void check_school(struct evidence *evidence, struct verdict *verdict);
/* The rules on a log that no service has used, only actors by the C interface and by SQL. */
void check_log_alone(struct evidence *evidence, struct verdict *verdict);

/* ---- the rules, by file ---- */

/* check_log.c: the log itself, its readers while it grew, and attempts to change it. */
void check_positions(struct evidence *evidence, struct verdict *verdict);
void check_versions(struct evidence *evidence, struct verdict *verdict);
void check_times(struct evidence *evidence, struct verdict *verdict);
void check_ids(struct evidence *evidence, struct verdict *verdict);
void check_seen(struct evidence *evidence, struct verdict *verdict);
void check_tampering(struct evidence *evidence, struct verdict *verdict);
void check_sql(struct evidence *evidence, struct verdict *verdict);

/* check_appends.c: appends by the C interface, against a model of the store. */
void check_appends(struct evidence *evidence, struct verdict *verdict);

/* check_commands.c: the commands sent by HTTP, and the events that they wrote. */
void check_acknowledged(struct evidence *evidence, struct verdict *verdict);
void check_refused(struct evidence *evidence, struct verdict *verdict);
void check_unknown(struct evidence *evidence, struct verdict *verdict);
void check_keys(struct evidence *evidence, struct verdict *verdict);
void check_order(struct evidence *evidence, struct verdict *verdict);
void check_attributed(struct evidence *evidence, struct verdict *verdict);
void check_defects(struct evidence *evidence, struct verdict *verdict);

/* check_shop.c: what the shop's business rules allow. */
void check_legal(struct evidence *evidence, struct verdict *verdict);
void check_claims(struct evidence *evidence, struct verdict *verdict);
void check_explained(struct evidence *evidence, struct verdict *verdict);

/* check_reads.c: answers of the query service, and the read models at the end. path_lists() returns
 * whether the path is a page of a list; check_list() returns what is wrong with an answered one,
 * NULL if nothing is. */
bool path_lists(const char *path);
/* Returns the value of a parameter of the path, in the arena; "" if it has none. */
const char *path_parameter(struct cairn_arena *arena, const char *path, const char *name);
/* Finds the reads of a service that were answered, in the order of the positions that they show. */
size_t find_reads(struct evidence *evidence, const char *service, const struct request ***ret);
const char *check_list(const struct shop *shop, const struct request *request);
void check_fresh(struct evidence *evidence, struct verdict *verdict);
void check_folds(struct evidence *evidence, struct verdict *verdict);
void check_rows(struct evidence *evidence, struct verdict *verdict);

/* Checks that the rows of a read model in one store are these: key -> row. The rule names what is
 * wrong. */
void check_model(const struct evidence *evidence, const char *rule, const char *store,
                 const char *model, const json_t *wanted, struct verdict *verdict);

/* check_bus.c: the entries that were published. */
void check_bus(struct evidence *evidence, struct verdict *verdict);
void check_carried(struct evidence *evidence, struct verdict *verdict);

/* check_live.c: what the followers of rows and pages were shown. */
void check_live(struct evidence *evidence, struct verdict *verdict);

/* check_generations.c: what is left of rebuilt read models. */
void check_generations(struct evidence *evidence, struct verdict *verdict);
void check_hotel_generations(struct evidence *evidence, struct verdict *verdict);

/* check_standby.c: what was acknowledged while there was a synchronous standby. */
void check_replicated(struct evidence *evidence, struct verdict *verdict);

/* hotel/check_hotel.c: nights of rooms, and what became of reservations. */
void check_overlaps(struct evidence *evidence, struct verdict *verdict);
void check_numbers(struct evidence *evidence, struct verdict *verdict);
void check_stays(struct evidence *evidence, struct verdict *verdict);
void check_reasons(struct evidence *evidence, struct verdict *verdict);

/* hotel/check_waiting.c: the processes. */
void check_expired(struct evidence *evidence, struct verdict *verdict);
void check_served(struct evidence *evidence, struct verdict *verdict);

/* hotel/check_shown.c: answers to queries and rows; what the webhook and housekeeping were told;
 * what was parked. */
void check_answers(struct evidence *evidence, struct verdict *verdict);
void check_occupied(struct evidence *evidence, struct verdict *verdict);
void check_told(struct evidence *evidence, struct verdict *verdict);
void check_parked(struct evidence *evidence, struct verdict *verdict);

/* school/check_school.c: seats of courses, courses of students, and refusals. */
void check_seats(struct evidence *evidence, struct verdict *verdict);
void check_courses(struct evidence *evidence, struct verdict *verdict);
void check_enrolments(struct evidence *evidence, struct verdict *verdict);
void check_denials(struct evidence *evidence, struct verdict *verdict);

/* school/check_tags.c: the table of tags. */
void check_tags(struct evidence *evidence, struct verdict *verdict);

#endif
