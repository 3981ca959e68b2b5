/* sampler.c - decides which traces are recorded. */
#include "telemetry/sampler.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ALL ((uint64_t)1 << 56)

static struct cairn_sampler used;
static atomic_bool is_on;

static const struct {
    const char *name;
    bool parent_based, by_ratio;
    uint64_t threshold;
} names[] = {
    {"always_on", false, false, 0},
    {"always_off", false, false, ALL},
    {"traceidratio", false, true, 0},
    {"parentbased_always_on", true, false, 0},
    {"parentbased_always_off", true, false, ALL},
    {"parentbased_traceidratio", true, true, 0},
};

static int find(const char *name)
{
    int count = (int)(sizeof names / sizeof names[0]);
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i].name, name) == 0)
            return i;
    }
    return -1;
}

bool cairn_sampler_parse(const char *name, struct cairn_sampler *ret)
{
    int at = find(name);
    if (at >= 0)
        *ret = (struct cairn_sampler){names[at].parent_based, names[at].threshold};
    return at >= 0;
}

bool cairn_sampler_uses_ratio(const char *name)
{
    int at = find(name);
    return at >= 0 && names[at].by_ratio;
}

bool cairn_sampler_parse_ratio(const char *text, double *ret)
{
    char *end = NULL;
    bool is_number = *text && strspn(text, "0123456789.eE+-") == strlen(text);
    *ret = is_number ? strtod(text, &end) : -1;
    return is_number && !*end && *ret >= 0 && *ret <= 1;
}

void cairn_sampler_set_ratio(struct cairn_sampler *sampler, double ratio)
{
    sampler->threshold = (uint64_t)((1 - ratio) * (double)ALL);
}

void cairn_sampler_use(const struct cairn_sampler *sampler)
{
    if (sampler)
        used = *sampler;
    atomic_store_explicit(&is_on, sampler != NULL, memory_order_release);
}

bool cairn_sampler_is_on(void)
{
    return atomic_load_explicit(&is_on, memory_order_acquire);
}

static uint64_t random_part(const struct cairn_trace *trace)
{
    uint64_t value = 0;
    for (size_t i = 9; i < sizeof trace->trace_id; i++)
        value = value << 8 | trace->trace_id[i];
    return value;
}

bool cairn_sampler_decide(const struct cairn_trace *trace, bool has_parent)
{
    if (!cairn_sampler_is_on())
        return has_parent ? trace->sampled : true;
    if (has_parent && used.parent_based)
        return trace->sampled;
    return random_part(trace) >= used.threshold;
}
