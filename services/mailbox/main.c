/* main.c - a mail server for `make up` on machines without one: accepts every message by SMTP (RFC
 * 5321) and appends it to a file, so that the mail to customers can be read.
 *
 *     cairn-mailbox PORT FILE
 *
 * The server listens on the loopback unless CAIRN_BIND names another IPv4 address. It serves one
 * client at a time, validates nothing, and delivers no mail. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

enum { LINE_BYTES = 1100, PATIENCE_S = 10 };

static bool begins(const char *line, const char *word)
{
    return strncasecmp(line, word, strlen(word)) == 0;
}

static bool say(FILE *client, const char *line)
{
    return fprintf(client, "%s\r\n", line) > 0 && fflush(client) == 0;
}

/* Reads a line without its line end; a line that is too long ends the session. */
static bool hear(FILE *client, char line[static LINE_BYTES])
{
    if (!fgets(line, LINE_BYTES, client) || !strchr(line, '\n'))
        return false;
    line[strcspn(line, "\r\n")] = '\0';
    return true;
}

/* Receives a message up to the line with a single dot. It is on disk before it is accepted. */
static bool take_message(FILE *client, const char *path)
{
    char line[LINE_BYTES];
    FILE *file = fopen(path, "ae");
    bool whole = false;
    if (!file || !say(client, "354 go ahead")) {
        if (file)
            (void)fclose(file);
        return false;
    }
    while (!whole && hear(client, line)) {
        whole = strcmp(line, ".") == 0;
        (void)fprintf(file, "%s\n", whole ? "" : line[0] == '.' ? line + 1 : line);
    }
    bool kept = fflush(file) == 0 && fsync(fileno(file)) == 0;
    return fclose(file) == 0 && whole && say(client, kept ? "250 2.0.0 kept" : "451 4.3.0 full");
}

static void serve(FILE *client, const char *path)
{
    char line[LINE_BYTES];
    bool on = say(client, "220 cairn-mailbox");
    while (on && hear(client, line)) {
        if (begins(line, "QUIT")) {
            (void)say(client, "221 2.0.0 good bye");
            return;
        }
        if (begins(line, "DATA"))
            on = take_message(client, path);
        else if (begins(line, "EHLO") || begins(line, "HELO") || begins(line, "MAIL FROM:") ||
                 begins(line, "RCPT TO:") || begins(line, "RSET") || begins(line, "NOOP"))
            on = say(client, "250 2.0.0 ok");
        else
            on = say(client, "502 5.5.1 not here");
    }
}

static int listen_on(int port)
{
    const int yes = 1;
    const char *where = getenv("CAIRN_BIND");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, where && *where ? where : "127.0.0.1", &address.sin_addr) != 1)
        return -1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0)
        return -1;
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 64) < 0)
        return -1;
    return listener;
}

int main(int argc, char **argv)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int port = argc == 3 ? atoi(argv[1]) : 0;
    int listener = port > 0 && port < 65536 ? listen_on(port) : -1;
    if (listener < 0) {
        (void)fprintf(stderr, "usage: %s PORT FILE, with a port that is free\n", argv[0]);
        return EX_USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        FILE *client = socket < 0 ? NULL : fdopen(socket, "r+");
        if (!client)
            continue;
        (void)setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        serve(client, argv[2]);
        (void)fclose(client);
    }
}
