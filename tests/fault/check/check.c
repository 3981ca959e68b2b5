/* check.c - runs every rule on the evidence, one after the other, and collects the violations. */
#include "check.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

const char *const check_rules[] = {
    "positions",  "versions", "times",        "ids",         "seen",       "tampering", "sql",
    "appends",    "defects",  "acknowledged", "refused",     "unknown",    "keys",      "order",
    "attributed", "legal",    "claims",       "explained",   "fresh",      "folds",     "rows",
    "bus",        "carried",  "live",         "generations", "replicated", NULL,
};

const char *const check_hotel_rules[] = {
    "overlaps", "numbers",  "stays", "reasons", "expired", "served",
    "answers",  "occupied", "told",  "parked",  NULL,
};

const char *const check_school_rules[] = {
    "seats", "courses", "enrolments", "denials", "tags", NULL,
};

static bool names(const char *const rules[], const char *name)
{
    for (; *rules; rules++) {
        if (strcmp(*rules, name) == 0)
            return true;
    }
    return false;
}

static int kept_of(const struct verdict *verdict, const char *rule)
{
    int count = 0;
    for (int i = 0; i < verdict->kept_count; i++)
        count += strcmp(verdict->kept[i].rule, rule) == 0;
    return count;
}

void verdict_add(struct verdict *verdict, const char *rule, const char *format, ...)
{
    va_list list;
    assert(names(check_rules, rule) || names(check_hotel_rules, rule) ||
           names(check_school_rules, rule));
    verdict->count++;
    if (verdict->kept_count == VERDICT_KEPT || kept_of(verdict, rule) == VERDICT_KEPT_OF_A_RULE)
        return;
    verdict->kept[verdict->kept_count].rule = rule;
    va_start(list, format);
    (void)vsnprintf(verdict->kept[verdict->kept_count++].text, sizeof verdict->kept[0].text, format,
                    list);
    va_end(list);
}

bool verdict_names(const struct verdict *verdict, const char *rule)
{
    return kept_of(verdict, rule) > 0;
}

void verdict_print(const struct verdict *verdict, FILE *out)
{
    for (int i = 0; i < verdict->kept_count; i++)
        (void)fprintf(out, "  %s: %s\n", verdict->kept[i].rule, verdict->kept[i].text);
    if (verdict->count > verdict->kept_count)
        (void)fprintf(out, "  and %d more\n", verdict->count - verdict->kept_count);
}

/* check_appends and check_sql mark the events that they account for as asked for, so they run
 * before check_attributed. */
static void (*const rules[])(struct evidence *evidence, struct verdict *verdict) = {
    check_positions,  check_versions, check_times,     check_ids,     check_seen,
    check_tampering,  check_sql,      check_appends,   check_defects, check_acknowledged,
    check_refused,    check_unknown,  check_keys,      check_order,   check_attributed,
    check_legal,      check_claims,   check_explained, check_fresh,   check_folds,
    check_rows,       check_bus,      check_carried,   check_live,    check_generations,
    check_replicated,
};

/* check_reasons needs the states that check_stays sets. */
static void (*const hotel_rules[])(struct evidence *evidence, struct verdict *verdict) = {
    check_positions, check_versions,     check_times,    check_ids,        check_seen,
    check_defects,   check_acknowledged, check_refused,  check_unknown,    check_keys,
    check_order,     check_attributed,   check_fresh,    check_replicated, check_hotel_generations,
    check_overlaps,  check_numbers,      check_stays,    check_reasons,    check_expired,
    check_served,    check_answers,      check_occupied, check_told,       check_parked,
};

/* check_sql comes before check_attributed here, too. */
static void (*const school_rules[])(struct evidence *evidence, struct verdict *verdict) = {
    check_positions, check_versions,   check_times,        check_ids,        check_seen,
    check_sql,       check_defects,    check_acknowledged, check_refused,    check_unknown,
    check_keys,      check_order,      check_attributed,   check_replicated, check_seats,
    check_courses,   check_enrolments, check_denials,      check_tags,
};

/* Of the log alone: appends, transactions and readers of the log. */
static void (*const log_rules[])(struct evidence *evidence, struct verdict *verdict) = {
    check_positions, check_versions,  check_times, check_ids,
    check_seen,      check_tampering, check_sql,   check_appends,
};

void check_log_alone(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < sizeof log_rules / sizeof log_rules[0]; i++)
        log_rules[i](evidence, verdict);
}

void check_school(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < sizeof school_rules / sizeof school_rules[0]; i++)
        school_rules[i](evidence, verdict);
}

void check_hotel(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < sizeof hotel_rules / sizeof hotel_rules[0]; i++)
        hotel_rules[i](evidence, verdict);
}

void check_evidence(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        rules[i](evidence, verdict);
}
