/* static_files.h - answers the static files of a service (cairn/file.h), and how people sign in. */
#ifndef CAIRN_RUNTIME_STATIC_FILES_H
#define CAIRN_RUNTIME_STATIC_FILES_H

#include "http/http.h"

#include <cairn/service.h>

/* How people sign in; the texts are borrowed. */
struct cairn_sign_in {
    const char *issuer; /* NULL: callers are not authenticated */
    const char *client; /* of the pages, at the issuer */
    const char *roles;  /* the claim of a token that has them */
};

/* Calls `add` for the route of each file, and of /sign-in.json. What they need is in the arena. */
typedef void cairn_files_add(void *context, const struct cairn_http_route *route);
void cairn_files_routes(const struct cairn_file *files, const struct cairn_sign_in *sign_in,
                        struct cairn_arena *arena, cairn_files_add *add, void *context);

#endif
