/* setting_rows.h - the settings of the framework, one row each: the name of the variable, its
 * default, and where its value goes. */
#ifndef CAIRN_RUNTIME_SETTING_ROWS_H
#define CAIRN_RUNTIME_SETTING_ROWS_H

#include "runtime/config/config.h"

#include <stddef.h>

enum cairn_setting_kind { CAIRN_SETTING_TEXT = 1, CAIRN_SETTING_SECRET, CAIRN_SETTING_NUMBER };

struct cairn_setting_row {
    const char *name;
    const char *fallback; /* NULL: no default, it must be set */
    const char *unit;
    const char *help;
    enum cairn_setting_kind kind; /* of a secret, NAME_FILE may name a file that has it */
    size_t offset;                /* in struct cairn_config */
    int64_t min, max;             /* of a number */
};

extern const struct cairn_setting_row cairn_setting_rows[];
extern const size_t cairn_setting_row_count;

#endif
