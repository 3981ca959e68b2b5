/* log_config.c - reads the least level of each module, from the environment or a file. */
#include "runtime/config/log_config.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 4096 };

static int read_file(const char *path, char ret[static FILE_MAX], struct cairn_error *error)
{
    FILE *file = fopen(path, "re");
    size_t bytes = file ? fread(ret, 1, FILE_MAX, file) : 0;
    bool good = file && !ferror(file) && bytes < FILE_MAX;
    if (file)
        (void)fclose(file);
    if (!good)
        return cairn_fail(error, CAIRN_CONFIG, "cannot be read, or is larger than 4 KiB: %s", path);
    ret[bytes] = '\0';
    return 0;
}

const char *cairn_log_file(const struct cairn_config *config)
{
    return config->log_level_file && *config->log_level_file ? config->log_level_file : NULL;
}

static int read_levels(const struct cairn_config *config, struct cairn_log_levels *ret,
                       struct cairn_error *error)
{
    char text[FILE_MAX];
    if (!cairn_log_file(config))
        return cairn_log_levels_parse(config->log_level ? config->log_level : "info", ret, error);
    int failed = read_file(cairn_log_file(config), text, error);
    return failed ? failed : cairn_log_levels_parse(text, ret, error);
}

static const char *name_of(const struct cairn_config *config)
{
    return cairn_log_file(config) ? "CAIRN_LOG_LEVEL_FILE" : "CAIRN_LOG_LEVEL";
}

void cairn_log_check(const struct cairn_config *config, struct cairn_error *wrong)
{
    struct cairn_log_levels levels;
    struct cairn_error error = {0};
    const char *own = getenv("CAIRN_LOG_LEVEL");
    if (cairn_log_file(config) && own && *own)
        (void)cairn_wrong(wrong, "CAIRN_LOG_LEVEL", "is set together with its _FILE: choose one");
    else if (read_levels(config, &levels, &error) < 0)
        (void)cairn_wrong(wrong, name_of(config), "%s", error.message);
}

int cairn_log_apply(const struct cairn_config *config, struct cairn_error *error)
{
    struct cairn_log_levels levels;
    struct cairn_error why = {0};
    if (read_levels(config, &levels, &why) < 0)
        return cairn_fail(error, CAIRN_CONFIG, "%s: %s", name_of(config), why.message);
    cairn_log_levels_set(&levels);
    return 0;
}
