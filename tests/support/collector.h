/* collector.h - a real OTLP receiver: OpenTelemetry's protobuf schema, in node (tests/otlp). It
 * checks every span that it gets, by the protocol and the semantic conventions. */
#ifndef COLLECTOR_H
#define COLLECTOR_H

#include "child.h"

struct collector {
    struct child child;
    int port;
    char directory[600];
    char file[600];   /* one span a line, as JSON */
    char setting[80]; /* OTEL_EXPORTER_OTLP_ENDPOINT=… */
};

/* Starts it on a free port. Returns false where there is no node or npm: that was said. */
bool collector_start(struct collector *ret);
void collector_stop(struct collector *collector);

/* Kills it, and starts it again at the same port. */
void collector_kill(struct collector *collector);
void collector_restart(struct collector *collector);

/* Returns how many lines of the file match a jq filter: `.name == "decide"`. */
int collector_count(const struct collector *collector, const char *filter);
/* Waits until there are at least so many. */
void collector_wait(const struct collector *collector, const char *filter, int count);
/* Fails the test if a span was not as it has to be. */
void collector_expect_right(const struct collector *collector);

#endif
