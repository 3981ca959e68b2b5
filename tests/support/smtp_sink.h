/* smtp_sink.h - a mail server that keeps its messages: a plain SMTP dialogue (RFC 5321) on the
 * loopback, for tests that send mail.
 *
 *     struct smtp_sink sink;
 *     smtp_sink_start(&sink);
 *     ... send to smtp://127.0.0.1:sink.server.port ...
 *     smtp_sink_wait(&sink, 1, 20000);
 *     assert_non_null(strstr(smtp_sink_message(&sink, 0)->text, "Subject: …"));
 *     smtp_sink_stop(&sink);
 *
 * It can be set to misbehave at one step of the dialogue: to answer with another line, to close the
 * connection, or to stop answering. */
#ifndef SMTP_SINK_H
#define SMTP_SINK_H

#include "server.h"

enum { SMTP_SINK_MAX = 4096, SMTP_SINK_ADDRESS = 300 };

enum smtp_step {
    SMTP_GREETING = 1,
    SMTP_HELLO,
    SMTP_FROM,
    SMTP_TO,
    SMTP_DATA,
    SMTP_MESSAGE, /* received, and kept if accepted */
    SMTP_QUIT,
};

struct smtp_message {
    char from[SMTP_SINK_ADDRESS];
    char to[SMTP_SINK_ADDRESS]; /* the last recipient */
    char *text;                 /* as sent: lines ended by CRLF, dots unstuffed */
    size_t bytes;
};

struct smtp_sink {
    struct server server;
    pthread_mutex_t lock;
    struct smtp_message messages[SMTP_SINK_MAX];
    int count;
    enum smtp_step step; /* the step at which it misbehaves; 0: none */
    const char *answer;  /* its answer there; "" closes the connection, NULL stops answering */
    int times;           /* how many times; 0: until changed */
    const char *whose;   /* at SMTP_TO, only addresses that contain this; NULL: all */
};

void smtp_sink_start(struct smtp_sink *ret);
/* Starts again on the same port, with the messages it held, as a server that returns after an
 * outage. */
void smtp_sink_restart(struct smtp_sink *sink);
/* Closes its connections and accepts no more; its messages stay. */
void smtp_sink_pause(struct smtp_sink *sink);
void smtp_sink_stop(struct smtp_sink *sink);

/* "550 5.1.1 no such user" at SMTP_TO rejects a recipient; "" closes; NULL hangs; step 0
 * behaves. */
void smtp_sink_misbehave(struct smtp_sink *sink, enum smtp_step step, const char *answer,
                         int times);

/* The same for mailboxes whose addresses contain a text, until changed. */
void smtp_sink_misbehave_for(struct smtp_sink *sink, const char *whose, const char *answer);

/* The number of accepted messages, and one of them (valid until the sink is stopped). */
int smtp_sink_count(struct smtp_sink *sink);
const struct smtp_message *smtp_sink_message(struct smtp_sink *sink, int index);
/* Returns how many accepted messages contain this text. */
int smtp_sink_matches(struct smtp_sink *sink, const char *text);
/* Waits until there are `count` messages; fails the test at the timeout. */
void smtp_sink_wait(struct smtp_sink *sink, int count, int timeout_ms);

#endif
