/* findings.c - collects errors in what an author declares. */
#include "runtime/check/findings.h"

#include "core/log.h"

void cairn_findings_add(struct cairn_findings *findings, const struct cairn_error *error)
{
    if (findings->count++ == 0)
        (void)!cairn_error_pass(&findings->first, error);
    else
        cairn_log_error(CAIRN_LOG_ERROR, "a declaration is wrong", error);
}

int cairn_findings_result(const struct cairn_findings *findings, struct cairn_error *error)
{
    if (findings->count == 0)
        return 0;
    if (findings->count == 1)
        return cairn_error_pass(error, &findings->first);
    return cairn_fail(error, findings->first.code, "%.400s (and %zu more, logged before)",
                      findings->first.message, findings->count - 1);
}
