/* log_levels.c - the least level of each module, which may be set while the process runs. */
#include "core/report/log.h"

#include <stdatomic.h>
#include <string.h>

enum { OTHERS = CAIRN_LOG_MODULES - 1 };

/* The folders of the framework that log (tests/lint looks that none is missing). */
static const char *const modules[OTHERS] = {
    "bus",     "command",    "core",  "feed",  "http",    "identity", "operations", "outbound",
    "process", "projection", "query", "redis", "runtime", "store",    "telemetry",
};

static _Atomic int least_of[CAIRN_LOG_MODULES];
/* Of all modules: most lines that are not written are below it. 0: nothing is set yet. */
static _Atomic int least_of_all;

static const char *const level_names[] = {
    [CAIRN_LOG_DEBUG] = "debug",
    [CAIRN_LOG_INFO] = "info",
    [CAIRN_LOG_WARN] = "warn",
    [CAIRN_LOG_ERROR] = "error",
};

const char *cairn_log_level_name(enum cairn_log_level level)
{
    return level_names[level];
}

int cairn_log_level_parse(const char *name, enum cairn_log_level *ret)
{
    for (int level = CAIRN_LOG_DEBUG; level <= CAIRN_LOG_ERROR; level++) {
        if (strcmp(level_names[level], name) == 0) {
            *ret = (enum cairn_log_level)level;
            return 0;
        }
    }
    return -CAIRN_INVALID;
}

static size_t find_module(const char *name, size_t bytes)
{
    size_t i = 0;
    while (i < OTHERS && (strncmp(modules[i], name, bytes) != 0 || modules[i][bytes]))
        i++;
    return i;
}

static size_t module_of(const char *file)
{
    static const char root[] = "framework/";
    const char *at = strstr(file, root);
    const char *name = at ? at + sizeof root - 1 : "";
    return find_module(name, strcspn(name, "/"));
}

const char *cairn_log_module(const char *file)
{
    size_t module = module_of(file);
    return module == OTHERS ? "other" : modules[module];
}

bool cairn_log_wants(const char *file, enum cairn_log_level level)
{
    int least = atomic_load_explicit(&least_of_all, memory_order_relaxed);
    if (least == 0)
        return level >= CAIRN_LOG_INFO;
    return (int)level >= least &&
           (int)level >= atomic_load_explicit(&least_of[module_of(file)], memory_order_relaxed);
}

void cairn_log_levels_set(const struct cairn_log_levels *levels)
{
    int least = CAIRN_LOG_ERROR;
    for (size_t i = 0; i < CAIRN_LOG_MODULES; i++) {
        least = (int)levels->of[i] < least ? (int)levels->of[i] : least;
        atomic_store_explicit(&least_of[i], (int)levels->of[i], memory_order_relaxed);
    }
    atomic_store_explicit(&least_of_all, least, memory_order_relaxed);
}

/* ---- reading ---- */

struct reading {
    struct cairn_log_levels levels; /* 0: not named */
    enum cairn_log_level all;       /* 0: not named */
};

static int read_level(const char *name, enum cairn_log_level *ret, struct cairn_error *error)
{
    if (cairn_log_level_parse(name, ret) == 0)
        return 0;
    return cairn_fail(error, CAIRN_INVALID, "levels are debug, info, warn and error, not '%s'",
                      name);
}

static int unknown_module(const char *name, struct cairn_error *error)
{
    char list[200] = "";
    for (size_t i = 0; i < OTHERS; i++) {
        (void)strcat(list, i ? ", " : "");
        (void)strcat(list, modules[i]);
    }
    return cairn_fail(error, CAIRN_INVALID, "there is no module '%s': they are %s", name, list);
}

/* Reads "debug" or "projection=debug". */
static int read_word(struct reading *reading, char *word, struct cairn_error *error)
{
    char *equals = strchr(word, '=');
    if (!equals && reading->all)
        return cairn_fail(error, CAIRN_INVALID, "one level is for all modules, not two ('%s')",
                          word);
    if (!equals)
        return read_level(word, &reading->all, error);
    *equals = '\0';
    size_t module = find_module(word, strlen(word));
    if (module == OTHERS)
        return unknown_module(word, error);
    if (reading->levels.of[module])
        return cairn_fail(error, CAIRN_INVALID, "module '%s' is named twice", word);
    return read_level(equals + 1, &reading->levels.of[module], error);
}

int cairn_log_levels_parse(const char *text, struct cairn_log_levels *ret,
                           struct cairn_error *error)
{
    static const char between[] = ", \t\r\n";
    struct reading reading = {0};
    char word[64];
    int failed = 0;
    for (text += strspn(text, between); *text && !failed; text += strspn(text, between)) {
        size_t bytes = strcspn(text, between);
        size_t kept = bytes < sizeof word ? bytes : sizeof word - 1;
        memcpy(word, text, kept);
        word[kept] = '\0';
        failed = read_word(&reading, word, error);
        text += bytes;
    }
    if (failed)
        return failed;
    for (size_t i = 0; i < CAIRN_LOG_MODULES; i++) {
        enum cairn_log_level all = reading.all ? reading.all : CAIRN_LOG_INFO;
        ret->of[i] = reading.levels.of[i] ? reading.levels.of[i] : all;
    }
    return 0;
}
