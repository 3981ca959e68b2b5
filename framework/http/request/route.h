/* route.h - finds the route for a method and a path. */
#ifndef CAIRN_HTTP_ROUTE_H
#define CAIRN_HTTP_ROUTE_H

#include "http/http.h"

enum { CAIRN_SEGMENTS_MAX = 16 };

/* A path split at its slashes, each segment decoded. A path with too many segments matches
 * nothing. */
struct cairn_path {
    const char *segments[CAIRN_SEGMENTS_MAX];
    size_t count;
};

/* Decodes `length` percent-encoded bytes. NULL unless the result is UTF-8 without NUL. */
char *cairn_decode(struct cairn_arena *arena, const char *text, size_t length);

/* Returns false if the path is not percent-encoded UTF-8. */
bool cairn_path_split(struct cairn_arena *arena, const char *text,
                      struct cairn_path *ret) CAIRN_CHECKED;

/* Returns the route and the value of its {id}, or NULL. HEAD finds GET. Of two matching patterns,
 * the one without {id} wins. */
const struct cairn_http_route *cairn_route_find(const struct cairn_http_options *options,
                                                const char *method, const struct cairn_path *path,
                                                const char **ret_id);

/* Returns the methods of a path, for the header Allow: "GET, HEAD, POST"; NULL if the path is
 * unknown. Without a path: those of all routes. */
const char *cairn_route_allow(const struct cairn_http_options *options,
                              const struct cairn_path *path, struct cairn_arena *arena);

#endif
