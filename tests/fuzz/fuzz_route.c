/* fuzz_route.c - methods and paths. For any path at most one route is found, and its method is
 * listed in Allow. */
#include "fuzz.h"

#include "http/http.h"
#include "http/request/route.h"

#include <string.h>

static const struct cairn_http_route routes[] = {
    {.method = "POST", .pattern = "/orders"},
    {.method = "GET", .pattern = "/orders/{id}"},
    {.method = "POST", .pattern = "/orders/{id}/ship"},
    {.method = "GET", .pattern = "/orders/latest"},
    {.method = "GET", .pattern = "/users/{id}/orders"},
    {.method = "PUT", .pattern = "/users/{id}/email"},
    {.method = "GET", .pattern = "/healthz"},
    {.method = "GET", .pattern = "/"},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", ""};
    const struct cairn_http_options options = {.routes = routes,
                                               .route_count = sizeof routes / sizeof routes[0]};
    struct cairn_arena arena = {0};
    struct cairn_path path;
    if (size == 0)
        return 0;
    const char *method = methods[data[0] % 6];
    char *text = text_of(data + 1, size - 1);
    if (cairn_path_split(&arena, text, &path)) {
        const char *id = NULL;
        const struct cairn_http_route *found = cairn_route_find(&options, method, &path, &id);
        const char *allow = cairn_route_allow(&options, &path, &arena);
        expect(!found || (allow && strstr(allow, found->method)));
        expect(!found || (strstr(found->pattern, "{id}") != NULL) == (id != NULL));
        expect(!id || *id);
        expect(path.count <= CAIRN_SEGMENTS_MAX + 1U);
    }
    char *decoded = cairn_decode(&arena, text, strlen(text));
    expect(!decoded || strlen(decoded) <= strlen(text));
    free(text);
    cairn_arena_close(&arena);
    return 0;
}
