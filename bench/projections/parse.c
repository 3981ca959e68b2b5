/* parse.c - measures how many events jansson parses a second on one core, and nothing else: an
 * upper limit for any projection that folds events in JSON.
 *
 *     parse <LINES      one object a line; prints one JSON object */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_s(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static char *read_all(size_t *ret_bytes)
{
    size_t room = 1 << 20;
    size_t bytes = 0;
    char *text = malloc(room);
    for (size_t got; text && (got = fread(text + bytes, 1, room - bytes, stdin)) > 0;) {
        bytes += got;
        if (bytes == room)
            text = realloc(text, room *= 2);
    }
    *ret_bytes = bytes;
    return text;
}

int main(void)
{
    size_t bytes = 0;
    long events = 0;
    char *text = read_all(&bytes);
    if (!text)
        return 1;
    double begun = now_s();
    for (char *at = text; at < text + bytes;) {
        char *end = memchr(at, '\n', (size_t)(text + bytes - at));
        if (!end)
            break;
        json_t *json = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, NULL);
        if (!json) {
            (void)fprintf(stderr, "parse: line %ld is no JSON\n", events + 1);
            return 1;
        }
        json_decref(json);
        events++;
        at = end + 1;
    }
    (void)printf("{\"events\":%ld,\"rate\":%.0f}\n", events, (double)events / (now_s() - begun));
    free(text);
    return 0;
}
