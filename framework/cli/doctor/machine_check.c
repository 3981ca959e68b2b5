/* machine_check.c - checks what is installed on the machine, and its limits. */
#include "cli/doctor/checks.h"

#include "cli/doctor/version_order.h"
#include "cli/program.h"
#include "cli/servers/postgres_programs.h"
#include "core/containers/buffer.h"

#include <cairn/version.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Files that a service opens besides its clients' connections. */
enum { OWN_FILES = 200 };

#define ASK_US CAIRN_SECONDS(10)

/* Returns the first line that a program prints; NULL if it is not there or fails. */
static const char *first_line(struct cairn_arena *arena, const char *const words[])
{
    const struct cairn_program program = {.words = words};
    const char *said = NULL;
    if (!cairn_program_exists(words[0]) ||
        cairn_program_read(arena, &program, ASK_US, &said, NULL) != 0)
        return NULL;
    return cairn_copy_bytes(arena, said, strcspn(said, "\n"));
}

/* ---- building ---- */

static void check_compiler(struct cairn_diagnosis *diagnosis)
{
    const char *chosen = getenv("CC");
    const char *const names[] = {chosen && *chosen ? chosen : "gcc", "clang"};
    for (size_t i = 0; i < 2; i++) {
        const char *const words[] = {names[i], "--version", NULL};
        const char *line = first_line(diagnosis->arena, words);
        if (line) {
            cairn_diagnose_good(diagnosis, "compiler", "%s", line);
            return;
        }
    }
    cairn_diagnose_warning(diagnosis, "compiler",
                           "to build services, install gcc or clang (Debian: apt-get install "
                           "build-essential)",
                           "%s is not installed", names[0]);
}

static const struct library {
    const char *module; /* of pkg-config */
    const char *least;
    const char *package; /* of Debian */
} libraries[] = {
    {"libpq", "15", "libpq-dev"},          {"libmicrohttpd", "0.9.75", "libmicrohttpd-dev"},
    {"gnutls", "3.7", "libgnutls28-dev"},  {"jansson", "2", "libjansson-dev"},
    {"hiredis", "0.14", "libhiredis-dev"}, {"libcurl", "7.85", "libcurl4-openssl-dev"},
    {"cjose", "0.6.2", "libcjose-dev"},    {"libcrypto", "3", "libssl-dev"},
    {"cmocka", "1", "libcmocka-dev"},
};

static const char *module_version(struct cairn_arena *arena, const char *module)
{
    const char *const words[] = {"pkg-config", "--modversion", module, NULL};
    return first_line(arena, words);
}

/* The libraries, sorted into lists of names. */
struct sorted {
    struct cairn_buffer found;   /* with their versions */
    struct cairn_buffer missing; /* as pkg-config calls them */
    struct cairn_buffer packages;
};

static void check_library(struct cairn_diagnosis *diagnosis, const struct library *library,
                          struct sorted *sorted)
{
    const char *version = module_version(diagnosis->arena, library->module);
    if (!version) {
        cairn_buffer_print(&sorted->missing, "%s%s", sorted->missing.length ? ", " : "",
                           library->module);
        cairn_buffer_print(&sorted->packages, " %s", library->package);
        return;
    }
    cairn_buffer_print(&sorted->found, "%s%s %s", sorted->found.length ? ", " : "", library->module,
                       version);
    if (!cairn_version_is_at_least(version, library->least))
        cairn_diagnose_problem(diagnosis, "libraries",
                               cairn_print(diagnosis->arena, "install %s or newer", library->least),
                               "%s %s is too old", library->module, version);
}

static void check_libraries(struct cairn_diagnosis *diagnosis)
{
    struct cairn_arena *arena = diagnosis->arena;
    struct sorted sorted = {cairn_buffer(arena), cairn_buffer(arena), cairn_buffer(arena)};
    if (!cairn_program_exists("pkg-config")) {
        cairn_diagnose_warning(diagnosis, "libraries",
                               "to build services, install it (Debian: apt-get install pkg-config)",
                               "pkg-config is not installed");
        return;
    }
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
        check_library(diagnosis, &libraries[i], &sorted);
    if (sorted.found.length)
        cairn_diagnose_good(diagnosis, "libraries", "%s", sorted.found.text);
    if (sorted.missing.length)
        cairn_diagnose_warning(diagnosis, "libraries",
                               cairn_print(arena,
                                           "to build services and their tests (Debian): "
                                           "apt-get install%s",
                                           sorted.packages.text),
                               "pkg-config does not find %s", sorted.missing.text);
}

/* The library that services are built with and this command should be of one release. */
static void check_cairn(struct cairn_diagnosis *diagnosis)
{
    const char *version = module_version(diagnosis->arena, "cairn");
    if (!version)
        cairn_diagnose_warning(
            diagnosis, "cairn",
            "to build services in repositories of their own, run `make install`, or set "
            "PKG_CONFIG_PATH to the directory of cairn.pc",
            "this command is release %s, and pkg-config finds no library", cairn_version());
    else if (strcmp(version, cairn_version()) != 0)
        cairn_diagnose_problem(
            diagnosis, "cairn", "install both of one release: services would expect another schema",
            "this command is release %s, and the library %s", cairn_version(), version);
    else
        cairn_diagnose_good(diagnosis, "cairn", "release %s, command and library", version);
}

/* ---- servers of one's own ---- */

static void check_programs(struct cairn_diagnosis *diagnosis)
{
    static const char *const redis[] = {"redis-server", "--version", NULL};
    struct cairn_postgres_programs postgres;
    struct cairn_error error = {0};
    if (cairn_postgres_find(diagnosis->arena, 0, &postgres, &error) == 0)
        cairn_diagnose_good(diagnosis, "installed", "PostgreSQL %d in %s", postgres.major,
                            postgres.directory);
    else
        cairn_diagnose_warning(diagnosis, "installed",
                               "`cairn servers` needs it, production does not", "%s",
                               cairn_copy_text(diagnosis->arena, error.message));
    const char *line = first_line(diagnosis->arena, redis);
    const char *version = line ? strstr(line, "v=") : NULL; /* Redis server v=7.0.15 sha=… */
    if (version)
        cairn_diagnose_good(diagnosis, "installed", "redis-server %.*s",
                            (int)strcspn(version + 2, " "), version + 2);
    else
        cairn_diagnose_warning(diagnosis, "installed",
                               "`cairn servers` needs it (Debian: apt-get install redis-server), "
                               "production does not",
                               "redis-server is not installed");
}

/* ---- limits ---- */

static void check_files(struct cairn_diagnosis *diagnosis, const struct cairn_config *config)
{
    struct rlimit files;
    int64_t wanted = config->connections_max + OWN_FILES;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    if (files.rlim_max == RLIM_INFINITY || files.rlim_max >= (rlim_t)wanted)
        cairn_diagnose_good(diagnosis, "open files", "a service may open %s of them",
                            files.rlim_max == RLIM_INFINITY
                                ? "any number"
                                : cairn_print(diagnosis->arena, "%ju", (uintmax_t)files.rlim_max));
    else
        cairn_diagnose_warning(
            diagnosis, "open files",
            "raise the hard limit (ulimit -Hn, LimitNOFILE of systemd), or lower "
            "CAIRN_HTTP_CONNECTIONS_MAX",
            "a service may open %ju, and has up to %" PRId64
            " with CAIRN_HTTP_CONNECTIONS_MAX=%" PRId64,
            (uintmax_t)files.rlim_max, wanted, config->connections_max);
}

void cairn_check_machine(struct cairn_diagnosis *diagnosis, const struct cairn_config *config)
{
    check_cairn(diagnosis);
    check_compiler(diagnosis);
    check_libraries(diagnosis);
    check_programs(diagnosis);
    check_files(diagnosis, config);
}
