/* operators_side.c - starts and ends the threads that work for operators. */
#include "runtime/serve/operators/operators_side.h"

#include "runtime/serve/operators/operators.h"

int cairn_operators_side_open(struct cairn_operators_side *side, const struct cairn_config *config,
                              const struct cairn_service *const services[],
                              struct cairn_error *error)
{
    if (!cairn_operators_wanted(services))
        return 0;
    const struct cairn_service *const *system = cairn_operators_system(services);
    const struct cairn_verifier_options verifying = {
        .database_url = config->database_url,
        .redis_url = config->redis_url,
        .services = system,
        .memory_bytes = (size_t)config->verify_mib * 1048576,
    };
    int failed = cairn_tail_open(config->database_url, &side->tail, error);
    if (!failed)
        failed =
            cairn_pulse_open(config->database_url, config->redis_url, system, &side->pulse, error);
    return failed ? failed : cairn_verifier_open(&verifying, &side->verifier, error);
}

void cairn_operators_side_stop(struct cairn_operators_side *side)
{
    cairn_tail_stop(side->tail);
    cairn_pulse_stop(side->pulse);
}

void cairn_operators_side_close(struct cairn_operators_side *side)
{
    cairn_verifier_close(side->verifier);
    cairn_pulse_close(side->pulse);
    cairn_tail_close(side->tail);
}
