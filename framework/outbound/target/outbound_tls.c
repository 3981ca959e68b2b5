/* outbound_tls.c - the process' defaults for TLS of calls. */
#include "outbound/target/outbound_tls.h"

static struct cairn_outbound_tls current;

void cairn_outbound_tls_set(const struct cairn_outbound_tls *tls)
{
    current = *tls;
}

const struct cairn_outbound_tls *cairn_outbound_tls(void)
{
    return &current;
}
