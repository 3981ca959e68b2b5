/* setting.h - what a service of its own wants to be told by the environment.
 *
 *     static const struct cairn_setting payment_settings[] = {
 *         {.name = "CAIRN_ACQUIRER_URL", .fallback = "http://127.0.0.1:8005", .unit = "URL",
 *          .text = &acquirer.url, .help = "the card acquirer"},
 *         {0},
 *     };
 *
 * They are read before anything is started, listed by --help, and wrong ones are named together
 * with all others. */
#ifndef CAIRN_SETTING_H
#define CAIRN_SETTING_H

#include <cairn/value.h>

struct cairn_setting {
    const char *name;     /* begins with CAIRN_ */
    const char *fallback; /* NULL: it has to be set */
    const char *unit;     /* "URL", "ms" */
    const char *help;
    bool secret;       /* NAME_FILE may name a file that holds it */
    const char **text; /* where it is put; or */
    int64_t *number;   /* a whole number from min to max */
    int64_t min, max;
};

#endif
