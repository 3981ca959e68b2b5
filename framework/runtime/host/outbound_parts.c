/* outbound_parts.c - starts what calls and reports to others: egress, spans, own tokens, the client
 * of commands. */
#include "runtime/host/host_parts.h"

#include "outbound/target/egress.h"
#include "process/deliver/command_client.h"
#include "runtime/config/auth_config.h"
#include "runtime/config/tls_config.h"
#include "runtime/trace_export.h"

static int set_egress(struct cairn_host *host, struct cairn_error *error)
{
    return cairn_egress_set(host->config->egress_url, host->config->egress_except, error);
}

static int start_traces(struct cairn_host *host, struct cairn_error *error)
{
    return cairn_trace_export_start(host->config, host->services[0]->name, &host->traces, error);
}

static void stop_traces(struct cairn_host *host)
{
    cairn_trace_export_stop(host->traces);
}

/* Gets the token that commands are sent with. Without one, services that authenticate carry out
 * only what is open to anyone, and internal commands. */
static int open_credentials(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_own_token_options options = cairn_auth_own_token(host->config);
    if (!cairn_host_sends_commands(host))
        return 0;
    if (options.token_file || options.request.client_id)
        return cairn_own_token_open(&options, &host->credentials, error);
    if (host->identity)
        cairn_log(CAIRN_LOG_WARN, "this service sends commands without a token: set "
                                  "CAIRN_AUTH_CLIENT_ID or CAIRN_AUTH_TOKEN_FILE");
    return 0;
}

static void close_credentials(struct cairn_host *host)
{
    cairn_own_token_close(host->credentials);
}

/* Makes the client of commands, with the URL at which this process answers. */
static int open_client(struct cairn_host *host, struct cairn_error *error)
{
    char url[300];
    const char *bind = host->config->bind;
    const struct cairn_http_tls tls = cairn_tls_files(host->config);
    if (!cairn_host_sends_commands(host))
        return 0;
    if (tls.client_ca_file && !*host->config->outbound_cert_file)
        return cairn_fail(error, CAIRN_CONFIG,
                          "CAIRN_OUTBOUND_CERT_FILE is not set: this process sends commands, and "
                          "CAIRN_TLS_CLIENT_CA_FILE asks the sender for a certificate");
    if (strcmp(bind, "0.0.0.0") == 0)
        bind = "127.0.0.1";
    else if (strcmp(bind, "::") == 0)
        bind = "::1";
    (void)snprintf(url, sizeof url, strchr(bind, ':') ? "%s://[%s]:%d" : "%s://%s:%d",
                   tls.cert_file ? "https" : "http", bind, cairn_http_port(host->http));
    host->client =
        cairn_command_client_open(host->services, url, &host->internal_key, host->credentials);
    host->teller = cairn_teller_by_http(host->client);
    return 0;
}

static void close_client(struct cairn_host *host)
{
    cairn_command_client_close(host->client);
    host->client = NULL;
}

const struct cairn_host_part cairn_host_part_egress = {.start = set_egress};
const struct cairn_host_part cairn_host_part_traces = {.start = start_traces, .stop = stop_traces};
const struct cairn_host_part cairn_host_part_credentials = {.start = open_credentials,
                                                            .stop = close_credentials};
const struct cairn_host_part cairn_host_part_client = {.start = open_client, .stop = close_client};
