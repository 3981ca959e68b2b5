/* findings.c - collects errors in what an author declares. */
#include "runtime/check/findings.h"

#include "core/report/log.h"

#include <stdarg.h>
#include <string.h>

static void add(struct cairn_findings *findings, const char *message, bool is_config)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (strcmp(findings->messages[i], message) == 0)
            return;
    }
    cairn_grow(&findings->arena, findings->messages, findings->count, &findings->capacity);
    findings->messages[findings->count++] = message;
    findings->config += is_config;
}

void cairn_findings_add(struct cairn_findings *findings, const struct cairn_error *error)
{
    add(findings, cairn_copy_text(&findings->arena, error->message), error->code == CAIRN_CONFIG);
}

void cairn_findings_say(struct cairn_findings *findings, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    add(findings, cairn_print_va(&findings->arena, format, list), false);
    va_end(list);
}

int cairn_findings_end(struct cairn_findings *findings, struct cairn_error *error)
{
    enum cairn_code code = findings->config == findings->count ? CAIRN_CONFIG : CAIRN_BUG;
    int failed = 0;
    for (size_t i = 1; i < findings->count; i++)
        cairn_log(CAIRN_LOG_ERROR, "a declaration is wrong",
                  CAIRN_LOG_TEXT("error", findings->messages[i]));
    if (findings->count == 1)
        failed = cairn_fail(error, code, "%s", findings->messages[0]);
    else if (findings->count > 1)
        failed = cairn_fail(error, code, "%.400s (and %zu more, logged before)",
                            findings->messages[0], findings->count - 1);
    cairn_arena_close(&findings->arena);
    return failed;
}
