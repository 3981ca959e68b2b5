/* check.h - the checker: what has to be true of the evidence, rule by rule.
 *
 * It knows nothing of the framework: it reads the history and the final log, folds the shop's
 * events by its own means (shop.h), and compares. Each rule has a name that stands in every
 * complaint, a function in one of the check_*.c files, and in tests/unit/test_checker.c a doctored
 * history that it must reject.
 *
 *     struct verdict verdict = {0};
 *     check_evidence(&evidence, &verdict);
 *     if (verdict.count) verdict_print(&verdict, stderr);
 *
 * Another rule is another function in the table in check.c. */
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
    } kept[VERDICT_KEPT]; /* the first of each rule */
    int kept_count;
};

void verdict_add(struct verdict *verdict, const char *rule, const char *format, ...)
    CAIRN_PRINTF(3, 4);
/* Has this rule been broken? */
bool verdict_names(const struct verdict *verdict, const char *rule);
void verdict_print(const struct verdict *verdict, FILE *out);

/* The names of all rules, ended by NULL; no other may be broken. */
extern const char *const check_rules[];

void check_evidence(struct evidence *evidence, struct verdict *verdict);

/* ---- the rules, by file ---- */

/* check_log.c: the log by itself, and those who read it while it grew. */
void check_positions(struct evidence *evidence, struct verdict *verdict);
void check_versions(struct evidence *evidence, struct verdict *verdict);
void check_times(struct evidence *evidence, struct verdict *verdict);
void check_ids(struct evidence *evidence, struct verdict *verdict);
void check_seen(struct evidence *evidence, struct verdict *verdict);
void check_tampering(struct evidence *evidence, struct verdict *verdict);
void check_sql(struct evidence *evidence, struct verdict *verdict);

/* check_appends.c: appends by the C interface, against a model of the store. */
void check_appends(struct evidence *evidence, struct verdict *verdict);

/* check_commands.c: what was asked by HTTP, and what it wrote. */
void check_acknowledged(struct evidence *evidence, struct verdict *verdict);
void check_refused(struct evidence *evidence, struct verdict *verdict);
void check_unknown(struct evidence *evidence, struct verdict *verdict);
void check_keys(struct evidence *evidence, struct verdict *verdict);
void check_order(struct evidence *evidence, struct verdict *verdict);
void check_attributed(struct evidence *evidence, struct verdict *verdict);
void check_defects(struct evidence *evidence, struct verdict *verdict);

/* check_shop.c: what the shop's rules allow. */
void check_legal(struct evidence *evidence, struct verdict *verdict);
void check_claims(struct evidence *evidence, struct verdict *verdict);
void check_explained(struct evidence *evidence, struct verdict *verdict);

/* check_reads.c: answers of the query service, and the read models at the end. Is this a page of a
 * list? What is wrong with one that was answered, NULL if nothing is. */
bool path_lists(const char *path);
const char *check_list(const struct shop *shop, const struct request *request);
void check_fresh(struct evidence *evidence, struct verdict *verdict);
void check_folds(struct evidence *evidence, struct verdict *verdict);
void check_rows(struct evidence *evidence, struct verdict *verdict);

/* check_bus.c: what was published. */
void check_bus(struct evidence *evidence, struct verdict *verdict);
void check_carried(struct evidence *evidence, struct verdict *verdict);

/* check_live.c: what those saw who followed a row. */
void check_live(struct evidence *evidence, struct verdict *verdict);

/* check_generations.c: what is left of read models that were built anew. */
void check_generations(struct evidence *evidence, struct verdict *verdict);

/* check_standby.c: what was acknowledged while there was a synchronous standby. */
void check_replicated(struct evidence *evidence, struct verdict *verdict);

#endif
