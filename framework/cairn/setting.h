/* setting.h - environment variables that a service declares for itself.
 *
 *     static const struct cairn_setting payment_settings[] = {
 *         {.name = "CAIRN_ACQUIRER_URL", .fallback = "http://127.0.0.1:8005", .unit = "URL",
 *          .text = &acquirer.url, .help = "the card acquirer"},
 *         {0},
 *     };
 *
 * Settings are read before anything is started and listed by --help; invalid ones are reported
 * together with all others. */
#ifndef CAIRN_SETTING_H
#define CAIRN_SETTING_H

#include <cairn/value.h>

CAIRN_BEGIN_C

struct cairn_setting {
    const char *name;     /* begins with CAIRN_ */
    const char *fallback; /* NULL: it has to be set */
    const char *unit;     /* "URL", "ms" */
    const char *help;
    bool secret;       /* NAME_FILE may name a file that holds it */
    const char **text; /* where a text is stored; or */
    int64_t *number;   /* where an integer is stored, from min to max */
    int64_t min, max;
};

CAIRN_END_C

#endif
