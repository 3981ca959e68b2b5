/* history.c - appends lines of JSON to the file, from any thread. */
#include "history.h"

#include "core/threads/lock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct history {
    pthread_mutex_t lock;
    FILE *file;
};

struct history *history_open(const char *path)
{
    struct history *history = calloc(1, sizeof *history);
    FILE *file = fopen(path, "we");
    if (!history || !file) {
        perror(path);
        abort();
    }
    history->file = file;
    cairn_lock_init(&history->lock);
    return history;
}

void history_close(struct history *history)
{
    if (fclose(history->file) != 0) {
        perror("the history");
        abort();
    }
    cairn_lock_destroy(&history->lock);
    free(history);
}

void history_flush(struct history *history)
{
    if (fflush(history->file) != 0) {
        perror("the history");
        abort();
    }
}

void history_add(struct history *history, json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);
    if (!text)
        abort();
    cairn_lock(&history->lock);
    (void)fprintf(history->file, "%s\n", text);
    cairn_unlock(&history->lock);
    free(text);
    json_decref(line);
}

int64_t history_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
