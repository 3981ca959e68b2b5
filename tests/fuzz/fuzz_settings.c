/* fuzz_settings.c - values of environment variables: connection strings of PostgreSQL, numbers,
 * names of levels. Each variable is on a line, NAME=value. A setting is valid, or there is an error
 * message. */
#include "fuzz.h"

#include "postgres/postgres.h"
#include "runtime/config/config.h"

#include <string.h>

static void try_url(const char *url)
{
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    int failed = cairn_pg_open(url, "fuzz", &pg, &error); /* connects on first use: never here */
    expect(failed == 0 || failed == -CAIRN_CONFIG);
    expect((failed == 0) == (pg != NULL));
    cairn_pg_close(pg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {
        "DATABASE_URL",    "REDIS_URL",       "PORT",       "CAIRN_HTTP_WORKERS",
        "CAIRN_CACHE_MIB", "CAIRN_LOG_LEVEL", "CAIRN_BIND", "CAIRN_STOP_GRACE_S"};
    struct cairn_config config = {0};
    struct cairn_error error = {0};
    char *text = text_of(data, size);
    (void)setenv("DATABASE_URL", "postgresql:///x", 1);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *value = strchr(line, '=');
        if (!value)
            continue;
        *value++ = '\0';
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            if (strcmp(line, names[i]) == 0)
                (void)setenv(line, value, 1);
        }
        if (strcmp(line, "DATABASE_URL") == 0)
            try_url(value);
    }
    int failed = cairn_config_read(&config, NULL, &error);
    expect(failed == 0 || failed == -CAIRN_CONFIG);
    expect(failed == 0 || error.message[0]);
    expect(failed != 0 || (config.port >= 0 && config.port <= 65535 && config.workers > 0));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unsetenv(names[i]);
    free(text);
    return 0;
}
