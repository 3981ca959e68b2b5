/* dev_service.c - runs a service of the project. */
#include "cli/dev/dev_service.h"

#include "cli/dev/output/dev_log_line.h"
#include "cli/servers/process_file.h"
#include "cli/servers/server_log.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Longer than the time that a service takes to finish accepted requests (CAIRN_STOP_GRACE_S). */
#define STOP_US CAIRN_SECONDS(12)

int cairn_dev_service_clear(struct cairn_arena *arena, const struct cairn_dev_service *service,
                            struct cairn_error *error)
{
    return cairn_process_file_clear(arena, service->process_file, SIGTERM, STOP_US, error);
}

/* ---- its log ---- */

/* Shows a line. A service that listens is announced with its address. */
static void show_line(const struct cairn_dev_service *service,
                      const struct cairn_dev_output *output, const char *text)
{
    struct cairn_arena arena = {0};
    struct cairn_dev_log_line line;
    if (!cairn_dev_log_line_read(&arena, text, &line))
        cairn_dev_say(output, CAIRN_PLAIN, "output", "%s: %s", service->name, text);
    else if (strcmp(cairn_dev_log_line_get(&line, "message"), "listening") == 0)
        cairn_dev_say(output, CAIRN_GREEN, "service", "%s: listening on http://%s:%s",
                      service->name, cairn_dev_log_line_get(&line, "address"),
                      cairn_dev_log_line_get(&line, "port"));
    else
        cairn_dev_log_line_show(output, service->name, &line);
    cairn_arena_close(&arena);
}

static void show_lines(struct cairn_dev_service *service, const struct cairn_dev_output *output,
                       bool last)
{
    struct cairn_arena arena = {0};
    for (const char *line; (line = cairn_dev_pipe_line(&service->pipe, &arena, last));) {
        (void)!write(service->log, line, strlen(line));
        (void)!write(service->log, "\n", 1);
        show_line(service, output, line);
        cairn_arena_reset(&arena);
    }
    cairn_arena_close(&arena);
}

/* ---- the process ---- */

static int launch(struct cairn_dev_service *service, struct cairn_error *error)
{
    const char *const words[] = {service->program, NULL};
    if (service->log <= 0)
        service->log = cairn_server_log_open(service->log_file, error);
    if (service->log < 0)
        return service->log;
    int output = cairn_dev_pipe_open(&service->pipe, error);
    if (output < 0)
        return output;
    const struct cairn_program program = {.words = words,
                                          .variables = service->variables,
                                          .output = output,
                                          .apart = true,
                                          .last_signal = SIGTERM};
    (void)stat(service->program, &service->started_as);
    int failed = cairn_program_start(&program, &service->child, error);
    (void)close(output);
    if (failed)
        cairn_dev_pipe_close(&service->pipe);
    return failed;
}

void cairn_dev_service_start(struct cairn_dev_service *service,
                             const struct cairn_dev_output *output)
{
    struct cairn_error error = {0};
    struct cairn_arena arena = {0};
    if (service->child.pid)
        return;
    if (launch(service, &error) < 0)
        cairn_dev_say(output, CAIRN_RED, "error", "%s cannot be started: %s", service->name,
                      error.message);
    else
        cairn_process_file_write(&arena, service->process_file, service->child.pid);
    cairn_arena_close(&arena);
}

bool cairn_dev_service_is_outdated(const struct cairn_dev_service *service)
{
    struct stat now;
    const struct stat *then = &service->started_as;
    if (stat(service->program, &now) != 0)
        return false;
    return now.st_ino != then->st_ino || now.st_size != then->st_size ||
           now.st_mtim.tv_sec != then->st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != then->st_mtim.tv_nsec;
}

static void show_end(const struct cairn_dev_service *service, const struct cairn_dev_output *output)
{
    int status = service->child.status;
    if (status < 0)
        cairn_dev_say(output, CAIRN_RED, "error",
                      "%s was ended by signal %d (%s); it is started again after the next change",
                      service->name, -status, strsignal(-status));
    else
        cairn_dev_say(output, status ? CAIRN_RED : CAIRN_YELLOW, status ? "error" : "warning",
                      "%s ended with status %d; it is started again after the next change",
                      service->name, status);
}

void cairn_dev_service_follow(struct cairn_dev_service *service,
                              const struct cairn_dev_output *output)
{
    bool was_alive = service->child.pid != 0;
    if (service->pipe.text)
        (void)cairn_dev_pipe_read(&service->pipe);
    bool lives = cairn_child_lives(&service->child);
    if (service->pipe.text && !lives)
        (void)cairn_dev_pipe_read(&service->pipe); /* what it wrote last */
    if (service->pipe.text)
        show_lines(service, output, !lives);
    if (lives || !was_alive)
        return;
    show_end(service, output);
    cairn_dev_pipe_close(&service->pipe);
}

void cairn_dev_service_stop(struct cairn_dev_service *service,
                            const struct cairn_dev_output *output)
{
    if (!service->child.pid)
        return;
    cairn_child_stop(&service->child, SIGTERM, STOP_US);
    (void)cairn_dev_pipe_read(&service->pipe);
    show_lines(service, output, true);
    cairn_dev_pipe_close(&service->pipe);
}
