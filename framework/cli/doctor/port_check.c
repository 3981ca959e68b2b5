/* port_check.c - checks whether a service could listen on its port, and names the process that has
 * it. */
#include "cli/doctor/checks.h"

#include "cli/program.h"
#include "core/text/socket_address.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK "port"

/* ---- which process has a port ---- */

/* Returns the inode of the socket that listens on the port, by a table of the kernel; 0 if there is
 * none. Its columns: number, local address:port in hex, remote, state (0A: listens), …, inode. */
static unsigned long find_inode(const char *table, int port)
{
    FILE *file = fopen(table, "re");
    char line[400];
    unsigned long found = 0;
    while (file && !found && fgets(line, sizeof line, file)) {
        char local[80];
        char state[8];
        unsigned long inode = 0;
        if (sscanf(line, "%*s %79s %*s %7s %*s %*s %*s %*s %*s %lu", local, state, &inode) != 3)
            continue;
        const char *colon = strrchr(local, ':');
        if (colon && strcmp(state, "0A") == 0 && strtol(colon + 1, NULL, 16) == port)
            found = inode;
    }
    if (file)
        (void)fclose(file);
    return found;
}

static bool has_socket(struct cairn_arena *arena, const char *pid, const char *socket)
{
    const char *directory = cairn_print(arena, "/proc/%s/fd", pid);
    DIR *files = opendir(directory);
    bool found = false;
    for (const struct dirent *entry; files && !found && (entry = readdir(files));) {
        char target[64];
        ssize_t bytes = readlink(cairn_print(arena, "%s/%s", directory, entry->d_name), target,
                                 sizeof target - 1);
        target[bytes > 0 ? bytes : 0] = '\0';
        found = strcmp(target, socket) == 0;
    }
    if (files)
        (void)closedir(files);
    return found;
}

/* Returns the command line of a process, its words separated by blanks. */
static const char *command_of(struct cairn_arena *arena, const char *pid)
{
    char text[200];
    FILE *file = fopen(cairn_print(arena, "/proc/%s/cmdline", pid), "re");
    size_t bytes = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        (void)fclose(file);
    while (bytes && text[bytes - 1] == '\0')
        bytes--;
    for (size_t i = 0; i < bytes; i++)
        text[i] = text[i] ? text[i] : ' ';
    return cairn_copy_bytes(arena, text, bytes);
}

static const char *holder_of(struct cairn_arena *arena, int port)
{
    unsigned long inode = find_inode("/proc/net/tcp", port);
    inode = inode ? inode : find_inode("/proc/net/tcp6", port);
    const char *socket = cairn_print(arena, "socket:[%lu]", inode);
    const char *found = "a process that only its owner or root can see";
    DIR *processes = inode ? opendir("/proc") : NULL;
    for (const struct dirent *entry; processes && (entry = readdir(processes));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        if (has_socket(arena, entry->d_name, socket)) {
            found =
                cairn_print(arena, "pid %s (%s)", entry->d_name, command_of(arena, entry->d_name));
            break;
        }
    }
    if (processes)
        (void)closedir(processes);
    return found;
}

/* ---- which port ---- */

/* Returns the port that the program listens on unless PORT says otherwise, from the line of its
 * --help "  PORT   port   8030   where to listen"; 0 if it is not known. */
static int port_of(struct cairn_arena *arena, const char *name)
{
    const char *const words[] = {name, "--help", NULL};
    const struct cairn_program program = {.words = words};
    const char *said = NULL;
    int port = 0;
    if (!name || cairn_program_read(arena, &program, CAIRN_SECONDS(10), &said, NULL) != 0)
        return 0;
    const char *line = strstr(said, "\n  PORT ");
    return line && sscanf(line, " PORT port %d", &port) == 1 ? port : 0;
}

/* Returns whether a service of Cairn answers there: one that runs already is no fault. */
static bool is_service(const char *text, int port)
{
    static const char request[] =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    static const struct timeval patience = {.tv_sec = 2};
    union cairn_socket_address address;
    char answer[2048];
    size_t length = 0;
    socklen_t bytes = cairn_socket_address_parse(text, port, &address);
    int connection = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connection >= 0 && connect(connection, &address.any, bytes) == 0 &&
        send(connection, request, sizeof request - 1, MSG_NOSIGNAL) > 0) {
        for (ssize_t got;
             (got = recv(connection, answer + length, sizeof answer - 1 - length, 0)) > 0;)
            length += (size_t)got;
    }
    if (connection >= 0)
        (void)close(connection);
    answer[length] = '\0';
    return strncmp(answer, "HTTP/1.1 200", strlen("HTTP/1.1 200")) == 0 &&
           strstr(answer, "\"service\":\"");
}

/* Returns 0 if it is possible to listen there, else the errno. */
static int try_to_listen(const char *text, int port)
{
    union cairn_socket_address address;
    socklen_t length = cairn_socket_address_parse(text, port, &address);
    if (length == 0)
        return EADDRNOTAVAIL;
    const int on = 1;
    int listener = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool good =
        listener >= 0 && bind(listener, &address.any, length) == 0 && listen(listener, 1) == 0;
    int why = good ? 0 : errno;
    if (listener >= 0)
        (void)close(listener);
    return why;
}

/* Adds the finding for a port that is taken. */
static void judge_taken(struct cairn_diagnosis *diagnosis, const char *address, int port)
{
    const char *holder = holder_of(diagnosis->arena, port);
    if (is_service(address, port))
        cairn_diagnose_warning(diagnosis, CHECK, "to start another one, set PORT to another port",
                               "%d on %s is in use by %s, a service of Cairn", port, address,
                               holder);
    else
        cairn_diagnose_problem(diagnosis, CHECK, "stop that process, or set PORT to another port",
                               "%d on %s is in use by %s", port, address, holder);
}

void cairn_check_port(struct cairn_diagnosis *diagnosis, const char *program,
                      const struct cairn_config *config)
{
    int port = config->port ? (int)config->port : port_of(diagnosis->arena, program);
    if (port == 0)
        return;
    int why = try_to_listen(config->bind, port);
    if (why == 0)
        cairn_diagnose_good(diagnosis, CHECK, "%d on %s is free", port, config->bind);
    else if (why == EADDRINUSE)
        judge_taken(diagnosis, config->bind, port);
    else if (why == EADDRNOTAVAIL)
        cairn_diagnose_problem(diagnosis, CHECK, "set CAIRN_BIND to one of them, or to 0.0.0.0",
                               "%s is no address of this machine", config->bind);
    else
        cairn_diagnose_problem(diagnosis, CHECK, "set PORT to a port from 1024 on",
                               "%d on %s cannot be listened on: %s", port, config->bind,
                               strerror(why));
}
