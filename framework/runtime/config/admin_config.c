/* admin_config.c - checks the settings of the operators' listener, and decides its policy. */
#include "runtime/config/admin_config.h"

#include "core/text/this_machine.h"
#include "runtime/config/auth_config.h"

bool cairn_admin_is_apart(const struct cairn_config *config)
{
    return config->admin_port > 0;
}

const struct cairn_allow *cairn_admin_policy(const struct cairn_config *config)
{
    static const struct cairn_allow operators = CAIRN_ROLE("operator");
    bool is_open = !cairn_admin_is_apart(config) || cairn_is_loopback(config->admin_bind) ||
                   cairn_auth_of(config) != CAIRN_AUTH_ON;
    return is_open ? NULL : &operators;
}

void cairn_admin_check(const struct cairn_config *config, struct cairn_error *wrong)
{
    if (!cairn_admin_is_apart(config) || !config->admin_bind)
        return;
    if (config->admin_port == config->port)
        (void)cairn_wrong(wrong, "CAIRN_ADMIN_PORT",
                          "is that of the public listener, PORT: choose another one");
    if (cairn_is_loopback(config->admin_bind))
        return;
    if (!cairn_auth_suits(config, config->admin_bind))
        (void)cairn_wrong(wrong, "CAIRN_ADMIN_BIND",
                          "is %s, which others reach: set CAIRN_AUTH_ISSUER, so that operators can "
                          "be told from them, or leave it at 127.0.0.1",
                          config->admin_bind);
    if (config->require_tls && !*config->tls_cert_file)
        (void)cairn_wrong(wrong, "CAIRN_ADMIN_BIND",
                          "is %s, which others reach, and CAIRN_REQUIRE_TLS is set: set "
                          "CAIRN_TLS_CERT_FILE",
                          config->admin_bind);
}
