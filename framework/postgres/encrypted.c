/* encrypted.c - whether a connection URL is one of encrypted connections. */
#include "postgres/postgres.h"

#include "core/text/this_machine.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

/* Returns a parameter of the connection: of the URL, else of the environment, as libpq does. */
static const char *find_option(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword; options++) {
        if (strcmp(options->keyword, keyword) != 0)
            continue;
        const char *value = options->val && *options->val ? options->val : NULL;
        return value || !options->envvar ? value : getenv(options->envvar);
    }
    return NULL;
}

/* Returns whether each host of a list is this machine; an empty one, or a path, is its socket. */
static bool are_local(const char *hosts)
{
    char host[256];
    for (const char *at = hosts;; at++) {
        size_t length = strcspn(at, ",");
        if (length >= sizeof host)
            return false;
        memcpy(host, at, length);
        host[length] = '\0';
        if (*host && *host != '/' && *host != '@' && !cairn_is_loopback(host))
            return false;
        at += length;
        if (!*at)
            return true;
    }
}

static bool is_encrypting(const char *mode)
{
    static const char *const modes[] = {"require", "verify-ca", "verify-full"};
    for (size_t i = 0; mode && i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(mode, modes[i]) == 0)
            return true;
    }
    return false;
}

int cairn_pg_check_encrypted(const char *url, struct cairn_error *error)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    if (!options)
        return 0; /* cairn_pg_open() says what is wrong */
    const char *host = find_option(options, "hostaddr");
    const char *mode = find_option(options, "sslmode");
    bool is_hidden = find_option(options, "service") != NULL;
    host = host ? host : find_option(options, "host");
    bool good = is_encrypting(mode) || (!is_hidden && are_local(host ? host : ""));
    PQconninfoFree(options);
    if (good)
        return 0;
    return cairn_fail(error, CAIRN_CONFIG,
                      "connects to another machine, and CAIRN_REQUIRE_TLS is set: add "
                      "sslmode=verify-full and sslrootcert=FILE");
}
