/* engine.c - runs the threads of process managers and reactors. */
#include "process/engine.h"

#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "process/follow/checkpoint.h"
#include "process/manager/manager.h"
#include "process/reactor/reactor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct thread {
    struct cairn_engine *engine;
    struct cairn_manager *manager; /* exactly one of the two is set */
    struct cairn_reactor_runner *runner;
    pthread_t id;
    bool started;
};

struct cairn_engine {
    struct cairn_engine_options options;
    struct cairn_command_client *client;
    struct cairn_follower *follower;
    struct thread *threads;
    size_t count;
    atomic_bool stopping;
    pthread_mutex_t lock; /* guards what follows */
    bool runs;            /* all managers and runners exist: states can be read */
};

static size_t count_of(const struct cairn_service *const services[])
{
    size_t count = 0;
    for (size_t i = 0; services[i]; i++) {
        for (int k = 0; k < CAIRN_SERVICE_MAX && services[i]->processes[k]; k++)
            count++;
        for (int k = 0; k < CAIRN_SERVICE_MAX && services[i]->reactors[k]; k++)
            count++;
    }
    return count;
}

bool cairn_engine_is_wanted(const struct cairn_service *const services[])
{
    return count_of(services) > 0;
}

/* ---- checkpoints ---- */

static int begin_service(struct cairn_pg *pg, const struct cairn_service *service,
                         struct cairn_error *error)
{
    char name[210];
    int failed = 0;
    for (int k = 0; k < CAIRN_SERVICE_MAX && service->processes[k] && !failed; k++) {
        const struct cairn_process *process = service->processes[k];
        (void)snprintf(name, sizeof name, "process/%s", process->name);
        failed = cairn_checkpoint_begin(pg, name, process->name, process->from_start, error);
    }
    for (int k = 0; k < CAIRN_SERVICE_MAX && service->reactors[k] && !failed; k++) {
        const struct cairn_reactor *reactor = service->reactors[k];
        (void)snprintf(name, sizeof name, "reactor/%s", reactor->name);
        failed = cairn_checkpoint_begin(pg, name, NULL, reactor->from_start, error);
    }
    return failed;
}

int cairn_engine_open(const struct cairn_engine_options *options, struct cairn_engine **ret,
                      struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    int failed = cairn_pg_open(options->database_url, "engine", &pg, error);
    for (size_t i = 0; options->services[i] && !failed; i++)
        failed = begin_service(pg, options->services[i], error);
    cairn_pg_close(pg);
    if (failed)
        return failed;
    struct cairn_engine *engine = cairn_allocate(sizeof *engine);
    engine->options = *options;
    cairn_lock_init(&engine->lock);
    engine->threads = cairn_allocate(count_of(options->services) * sizeof *engine->threads);
    *ret = engine;
    return 0;
}

/* ---- threads ---- */

static void *step_thread(void *context)
{
    struct thread *thread = context;
    while (!atomic_load(&thread->engine->stopping)) {
        if (thread->manager)
            cairn_manager_step(thread->manager);
        else
            cairn_reactor_step(thread->runner);
    }
    return NULL;
}

static struct thread *add(struct cairn_engine *engine)
{
    struct thread *thread = &engine->threads[engine->count++];
    thread->engine = engine;
    return thread;
}

/* Checks that every category has a target: better at the start than at the first command. */
static int check_targets(const struct cairn_process *process, struct cairn_command_client *client,
                         struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; process->sends && process->sends[i] && !failed; i++)
        failed = cairn_command_client_check(client, process->sends[i]->category, error);
    if (failed)
        cairn_error_context(error, "process %s", process->name);
    return failed;
}

static int open_service(struct cairn_engine *engine, const struct cairn_service *service,
                        const struct cairn_engine_parts *parts, struct cairn_error *error)
{
    int failed = 0;
    for (int k = 0; k < CAIRN_SERVICE_MAX && service->processes[k] && !failed; k++) {
        failed = check_targets(service->processes[k], parts->client, error);
        if (!failed)
            failed = cairn_manager_open(service->processes[k], service->name, parts,
                                        &add(engine)->manager, error);
    }
    for (int k = 0; k < CAIRN_SERVICE_MAX && service->reactors[k] && !failed; k++)
        failed = cairn_reactor_open(service->reactors[k], parts, &add(engine)->runner, error);
    return failed;
}

static int open_all(struct cairn_engine *engine, struct cairn_error *error)
{
    const struct cairn_engine_parts parts = {
        .database_url = engine->options.database_url,
        .appender = engine->options.appender,
        .leases = engine->options.leases,
        .follower = engine->follower,
        .client = engine->client,
        .calls = engine->options.calls,
    };
    int failed = 0;
    for (size_t i = 0; engine->options.services[i] && !failed; i++)
        failed = open_service(engine, engine->options.services[i], &parts, error);
    return failed;
}

static int start_all(struct cairn_engine *engine, struct cairn_error *error)
{
    for (size_t i = 0; i < engine->count; i++) {
        struct thread *thread = &engine->threads[i];
        int failed =
            cairn_thread_start(&thread->id, step_thread, thread, "runs a process manager", error);
        if (failed)
            return failed;
        thread->started = true;
    }
    return 0;
}

int cairn_engine_run(struct cairn_engine *engine, struct cairn_command_client *client,
                     struct cairn_error *error)
{
    engine->client = client;
    int failed = cairn_follower_open(engine->options.database_url, "process follower",
                                     &engine->follower, error);
    if (!failed)
        failed = open_all(engine, error);
    if (!failed)
        failed = start_all(engine, error);
    cairn_lock(&engine->lock);
    engine->runs = failed == 0;
    cairn_unlock(&engine->lock);
    return failed;
}

size_t cairn_engine_states(struct cairn_engine *engine, struct cairn_follower_state *ret,
                           size_t max)
{
    cairn_lock(&engine->lock);
    size_t count = engine->runs ? engine->count : 0;
    for (size_t i = 0; i < count && i < max; i++) {
        const struct thread *thread = &engine->threads[i];
        ret[i] = thread->manager ? cairn_manager_state(thread->manager)
                                 : cairn_reactor_state(thread->runner);
    }
    cairn_unlock(&engine->lock);
    return count;
}

void cairn_engine_stop(struct cairn_engine *engine)
{
    if (!engine)
        return;
    cairn_lock(&engine->lock);
    engine->runs = false;
    cairn_unlock(&engine->lock);
    atomic_store(&engine->stopping, true);
    cairn_leases_stop(engine->options.leases);
    if (engine->follower)
        cairn_follower_stop(engine->follower);
    for (size_t i = 0; i < engine->count; i++) {
        if (engine->threads[i].started)
            cairn_thread_join(engine->threads[i].id);
    }
    for (size_t i = 0; i < engine->count; i++) {
        cairn_manager_close(engine->threads[i].manager);
        cairn_reactor_close(engine->threads[i].runner);
    }
    cairn_follower_close(engine->follower);
}

void cairn_engine_close(struct cairn_engine *engine)
{
    if (!engine)
        return;
    cairn_lock_destroy(&engine->lock);
    free(engine->threads);
    free(engine);
}
