/* cairn_main.c - the main function of a service process: reads the configuration, waits for the
 * database, runs until a signal, finishes accepted requests. */
#include "core/report/sink.h"
#include "core/threads/clock.h"
#include "process/deliver/command_client.h"
#include "runtime/catalog/catalog.h"
#include "runtime/check/unlisted.h"
#include "runtime/config/chosen_services.h"
#include "runtime/config/log_config.h"
#include "runtime/config/tls_config.h"
#include "runtime/drain/drain.h"
#include "runtime/history_program.h"
#include "runtime/host.h"
#include "runtime/serve/operators/operators.h"
#include "runtime/start_gate.h"
#include "runtime/verify_program.h"

#include <cairn/service.h>
#include <cairn/version.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <time.h>

const char *cairn_version(void)
{
    return CAIRN_VERSION;
}

/* ---- the command line ---- */

/* Prints the variables of the peers: each other service that is sent commands has one. */
static void print_peers(const struct cairn_service *const services[])
{
    char name[120];
    for (size_t i = 0; services[i]; i++) {
        for (int k = 0; k < CAIRN_SERVICE_MAX && services[i]->peers[k].category; k++) {
            const struct cairn_peer *peer = &services[i]->peers[k];
            cairn_peer_variable(peer->category, name, sizeof name);
            (void)printf("\n%s is where %s sends its commands to %s: %s if it is not set and no\n"
                         "service of this process has them.\n",
                         name, services[i]->name, peer->category, peer->url);
        }
    }
}

static void print_help(const char *program, const struct cairn_service *const services[])
{
    (void)printf(
        "Usage: %s [--only SERVICE[,SERVICE...]] [--drain | --help | --version | verify [NAME] "
        "[--json] |\n       why NAME KEY [--json] | at POSITION|TIME NAME KEY [--json] | catalog "
        "[--json]]\n\n",
        program);
    for (size_t i = 0; services[i]; i++)
        (void)printf("%s: %s\n", services[i]->name, services[i]->help ? services[i]->help : "");
    (void)printf(
        "\nRuns until SIGTERM or SIGINT. Logs JSON lines to standard error. Answers "
        "/healthz, /readyz\nand /metrics besides its own paths. `verify` holds its "
        "read models, or one, against the log,\nand ends with 1 if something differs; `why` shows "
        "the events that made a row, `at` how it was;\n`catalog` prints what it consists of. With\n--only the process runs some of the "
        "program's services: it has the name and the port of the first one.\n\n"
        "With --drain it works until its projections, processes, reactors, publications and "
        "consumers\nare at the head, and ends: with 0; with 1 if something is parked or stopped, "
        "which the log names;\nwith 75 if it is not at the head within CAIRN_DRAIN_S, or a signal "
        "comes.\n\n");
    cairn_config_help(stdout, services);
    print_peers(services);
}

static bool looks_back(const char *word)
{
    return strcmp(word, "why") == 0 || strcmp(word, "at") == 0;
}

static bool is_drain(int argc, char **argv)
{
    return argc == 2 && strcmp(argv[1], "--drain") == 0;
}

static bool is_catalog(const char *word)
{
    return strcmp(word, "catalog") == 0;
}

/* Returns -1 to continue, or the exit status. */
static int read_arguments(int argc, char **argv, const struct cairn_service *const services[])
{
    if (argc == 1 || strcmp(argv[1], "verify") == 0 || looks_back(argv[1]) || is_catalog(argv[1]) ||
        is_drain(argc, argv))
        return -1;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        print_help(argv[0], services);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)printf("cairn %s\n", CAIRN_VERSION);
        return 0;
    }
    (void)fprintf(stderr, "%s: %s is not an option: see --help\n", argv[0], argv[1]);
    return EX_USAGE;
}

/* ---- the database ---- */

/* Waits for an unavailable database, as when both start together. Does not wait if the schema is
 * wrong, or the log has events that this binary cannot read. */
static int wait_for_database(const struct cairn_config *config,
                             const struct cairn_service *const services[], const sigset_t *stop,
                             struct cairn_error *error)
{
    int64_t deadline_us = cairn_monotonic_us() + CAIRN_SECONDS(config->start_wait_s);
    for (bool said = false;; said = true) {
        struct cairn_error wrong = {0};
        int failed = cairn_host_check_database(config->database_url, services, &wrong);
        bool again = failed == -CAIRN_UNAVAILABLE && cairn_monotonic_us() < deadline_us;
        if (!again) {
            *error = wrong;
            return failed;
        }
        if (!said)
            cairn_log_error(CAIRN_LOG_WARN, "waiting for the database", &wrong);
        const struct timespec pause = {.tv_nsec = 250000000};
        if (sigtimedwait(stop, NULL, &pause) > 0) {
            *error = wrong;
            return failed;
        }
    }
}

/* ---- running ---- */

/* Raises the limit on file descriptors: each connection needs one, and the usual limit is below
 * that on connections. */
static void raise_limits(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

static int exit_status(int failed)
{
    switch (-failed) {
    case CAIRN_CONFIG:
        return EX_USAGE;
    case CAIRN_BUG:
        return EX_SOFTWARE;
    default:
        return EX_UNAVAILABLE;
    }
}

/* Reports not ready for the drain time. Another signal ends the wait at once. */
static void leave(const struct cairn_config *config, struct cairn_host *host, const sigset_t *stop)
{
    const struct timespec time = {.tv_sec = config->stop_drain_ms / 1000,
                                  .tv_nsec = config->stop_drain_ms % 1000 * 1000000};
    cairn_host_leave(host);
    if (config->stop_drain_ms > 0)
        (void)sigtimedwait(stop, NULL, &time);
}

static void reload_levels(const struct cairn_config *config)
{
    struct cairn_error error = {0};
    if (cairn_log_apply(config, &error) < 0)
        cairn_log_error(CAIRN_LOG_ERROR, "the levels of the log were not read: those before stay",
                        &error);
    else
        cairn_log(CAIRN_LOG_WARN, "the levels of the log were read");
}

static void reload_tls(struct cairn_host *host)
{
    struct cairn_error error = {0};
    if (cairn_host_reload(host, &error) < 0)
        cairn_log_error(CAIRN_LOG_ERROR, "the files of TLS were not read: those before stay in use",
                        &error);
    else
        cairn_log(CAIRN_LOG_INFO, "the files of TLS were read: new connections use them");
}

/* Reads the files again, at SIGHUP. */
static void reload(const struct cairn_config *config, struct cairn_host *host)
{
    if (cairn_log_file(config))
        reload_levels(config);
    if (cairn_tls_files(config).cert_file)
        reload_tls(host);
}

/* Returns the signal that says stop. */
static int await_stop(const struct cairn_config *config, struct cairn_host *host,
                      const sigset_t *signals)
{
    int number = 0;
    while (sigwait(signals, &number) == 0 && number == SIGHUP)
        reload(config, host);
    return number;
}

/* Where there are files to be read again, SIGHUP says so; elsewhere it ends the process, as when a
 * terminal is closed. */
static void take_reload(const struct cairn_config *config, sigset_t *signals)
{
    sigset_t one;
    if (!cairn_tls_files(config).cert_file && !cairn_log_file(config))
        return;
    (void)sigemptyset(&one);
    (void)sigaddset(&one, SIGHUP);
    (void)sigaddset(signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &one, NULL);
}

/* Runs until a signal says stop, or all work is done. Returns the exit status. */
static int run_host(const struct cairn_config *config, struct cairn_host *host, sigset_t *stop,
                    struct cairn_error *error)
{
    if (config->drains)
        return cairn_drain(host, stop, error);
    int number = await_stop(config, host, stop);
    cairn_log(CAIRN_LOG_INFO, "stopping", CAIRN_LOG_TEXT("signal", strsignal(number)));
    leave(config, host, stop);
    return 0;
}

static int run_services(const struct cairn_config *config,
                        const struct cairn_service *const services[],
                        const struct cairn_service *const all[], sigset_t *stop,
                        struct cairn_error *error)
{
    struct cairn_host *host = NULL;
    raise_limits();
    int failed = config->drains ? cairn_drain_check(services, error) : 0;
    if (!failed && config->database_url)
        failed = wait_for_database(config, services, stop, error);
    if (!failed) {
        take_reload(config, stop);
        cairn_unlisted_warn(all, config->database_url);
        failed = cairn_host_start(config, services, &host, error);
    }
    if (failed)
        return failed;
    cairn_log(CAIRN_LOG_INFO, "listening", CAIRN_LOG_TEXT("address", config->bind),
              CAIRN_LOG_INTEGER("port", cairn_host_port(host)),
              CAIRN_LOG_TEXT("release", CAIRN_VERSION));
    int status = run_host(config, host, stop, error);
    cairn_host_stop(host);
    return status;
}

/* Blocks the signals, so that only the thread that waits for them receives them. */
static void take_signals(sigset_t *ret)
{
    (void)sigemptyset(ret);
    (void)sigaddset(ret, SIGTERM);
    (void)sigaddset(ret, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, ret, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* Runs the services that were chosen of `all`, or does what the arguments say. Returns the exit
 * status. */
static int run_program(int argc, char **argv, const struct cairn_service *const services[],
                       const struct cairn_service *const all[])
{
    int status = read_arguments(argc, argv, services);
    if (status >= 0)
        return status;

    struct cairn_error error = {0};
    struct cairn_config config;
    sigset_t stop;
    take_signals(&stop);
    cairn_log_setup(services[0]->name, CAIRN_LOG_INFO);
    cairn_sink_open(services[0]->name); /* from here on a full pipe blocks no other thread */
    (void)atexit(cairn_sink_close);
    status = cairn_host_check(services, &error);
    if (!status && argc > 1 && is_catalog(argv[1]))
        return cairn_catalog_print(cairn_operators_system(services), argc - 1, argv + 1);
    if (!status)
        status = cairn_config_read(&config, services, &error);
    config.drains = is_drain(argc, argv);
    if (!status)
        status = cairn_log_apply(&config, &error);
    if (!status) {
        if (argc > 1 && looks_back(argv[1]))
            return cairn_host_history(&config, services, argc - 1, argv + 1);
        if (argc > 1 && !config.drains)
            return cairn_host_verify(&config, services, argc - 1, argv + 1);
        status = run_services(&config, services, all, &stop, &error);
    }
    if (status < 0) {
        cairn_log_error(CAIRN_LOG_ERROR, "cannot run", &error);
        return exit_status(status);
    }
    cairn_log(CAIRN_LOG_INFO, "stopped");
    return status;
}

int cairn_main(int argc, char **argv, const struct cairn_service *const services[])
{
    struct cairn_error error = {0};
    const struct cairn_service *const *chosen;
    cairn_standard_files();
    int taken = cairn_services_choose(argc, argv, services, &chosen, &error);
    if (taken < 0) {
        (void)fprintf(stderr, "%s: %s\n", argv[0], error.message);
        return EX_USAGE;
    }
    argv[taken] = argv[0];
    return run_program(argc - taken, argv + taken, chosen, services);
}
