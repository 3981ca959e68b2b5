/* server_directory.c - makes and removes the directories of private servers. */
#include "cli/servers/server_directory.h"

#include "cli/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOCKETS_MAX_BYTES = 80 };

#define AWAY "/var/lib/cairn"

static int fail_to_make(const char *path, struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_UNAVAILABLE, "%s cannot be made: %s", path, strerror(errno));
}

/* ---- removing ---- */

/* Removes a directory and, if it is behind a symbolic link, the link. */
static void remove_linked(const char *path)
{
    char target[PATH_MAX];
    if (realpath(path, target) && strcmp(target, path) != 0)
        cairn_remove_tree(target);
    cairn_remove_tree(path);
}

void cairn_server_directory_wipe(struct cairn_arena *arena, const char *path)
{
    remove_linked(cairn_print(arena, "%s/postgres", path));
    remove_linked(cairn_print(arena, "%s/sockets", path));
    cairn_remove_tree(cairn_print(arena, "%s/redis", path));
    (void)rmdir(AWAY);
}

/* ---- the user ---- */

static int choose_user(const struct passwd **ret, struct cairn_error *error)
{
    *ret = NULL;
    if (geteuid() != 0)
        return 0;
    *ret = getpwnam("postgres");
    if (*ret)
        return 0;
    return cairn_fail(error, CAIRN_UNAVAILABLE,
                      "PostgreSQL refuses to run as root, and there is no user postgres to run it "
                      "as: install Debian's package postgresql, or run this as another user");
}

/* Returns whether the user can write into the directory; asked by a child that is this user. */
static bool can_write(const struct passwd *user, const char *path)
{
    int status = 1;
    pid_t pid = fork();
    if (pid == 0) {
        bool changed = initgroups(user->pw_name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
                       setuid(user->pw_uid) == 0;
        _exit(changed && access(path, W_OK | X_OK) == 0 ? 0 : 1);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* ---- making ---- */

static const char *resolve(struct cairn_arena *arena, const char *path)
{
    char target[PATH_MAX];
    return realpath(path, target) ? cairn_copy_text(arena, target) : NULL;
}

/* Makes a directory of mode 0700 for the user. One that is there already is kept. */
static int make_for(const struct passwd *user, const char *path, struct cairn_error *error)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return fail_to_make(path, error);
    if (user && chown(path, user->pw_uid, user->pw_gid) != 0)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "%s cannot be given to user %s: %s", path,
                          user->pw_name, strerror(errno));
    return 0;
}

/* Makes a directory from the pattern elsewhere, and a link to it. */
static int make_away(struct cairn_arena *arena, const char *pattern, const char *link,
                     const struct passwd *user, struct cairn_error *error)
{
    char *away = cairn_copy_text(arena, pattern);
    if (!mkdtemp(away))
        return fail_to_make(pattern, error);
    if (user && chown(away, user->pw_uid, user->pw_gid) != 0)
        return fail_to_make(away, error);
    (void)unlink(link);
    return symlink(away, link) == 0 ? 0 : fail_to_make(link, error);
}

static int make_postgres(struct cairn_arena *arena, const char *path, const struct passwd *user,
                         struct cairn_error *error)
{
    if (resolve(arena, path))
        return 0;
    (void)unlink(path); /* a link that leads nowhere */
    int failed = make_for(user, path, error);
    if (failed || !user || can_write(user, path))
        return failed;
    (void)rmdir(path);
    if (mkdir(AWAY, 0711) == 0)
        (void)chmod(AWAY, 0711); /* whatever the umask is */
    else if (errno != EEXIST)
        return fail_to_make(AWAY, error);
    failed = make_away(arena, AWAY "/XXXXXX", path, user, error);
    if (!failed && !can_write(user, resolve(arena, path))) /* the link itself is out of reach */
        failed = cairn_fail(error, CAIRN_UNAVAILABLE,
                            "user %s, whom PostgreSQL runs as, can reach neither %s nor " AWAY
                            ": run this in a directory that it can reach",
                            user->pw_name, path);
    return failed;
}

/* Returns whether the path can stand in a URL, and has room for a socket's name. */
static bool is_fit_for_sockets(const char *path)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
    return strlen(path) <= SOCKETS_MAX_BYTES && path[strspn(path, plain)] == '\0';
}

static int make_sockets(struct cairn_arena *arena, const char *path, const struct passwd *user,
                        struct cairn_error *error)
{
    if (resolve(arena, path))
        return 0;
    (void)unlink(path);
    if (is_fit_for_sockets(path) && make_for(user, path, NULL) == 0 &&
        (!user || can_write(user, path)))
        return 0;
    (void)rmdir(path);
    return make_away(arena, "/tmp/cairn-XXXXXX", path, user, error);
}

int cairn_server_directory_open(struct cairn_arena *arena, const char *path,
                                struct cairn_server_directory *ret, struct cairn_error *error)
{
    const struct passwd *user = NULL;
    const char *absolute = resolve(arena, path);
    if (!absolute)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "%s cannot be used: %s", path, strerror(errno));
    const char *postgres = cairn_print(arena, "%s/postgres", absolute);
    const char *sockets = cairn_print(arena, "%s/sockets", absolute);
    int failed = choose_user(&user, error);
    if (!failed)
        failed = make_postgres(arena, postgres, user, error);
    if (!failed)
        failed = make_sockets(arena, sockets, user, error);
    if (failed)
        return failed;
    *ret = (struct cairn_server_directory){
        .path = absolute,
        .postgres = resolve(arena, postgres),
        .sockets = resolve(arena, sockets),
        .user = user ? cairn_copy_text(arena, user->pw_name) : NULL,
    };
    return 0;
}
