/* main.c - the whole shop in one process, on one port: the same services combined. Its database
 * role has to be a member of cairn_writer, cairn_projector, cairn_consumer and cairn_reader. */
#include "../projector/projector.h"
#include "../query/query.h"

extern const struct cairn_service user_service;
extern const struct cairn_service order_service;
extern const struct cairn_service payment_service;
extern const struct cairn_service notification_service;

static const struct cairn_service monolith_service = {
    .name = "monolith",
    .port = 8080,
    .help = "user, order, payment, notification, projector and query in one process",
};

int main(int argc, char **argv)
{
    return cairn_main(argc, argv,
                      (const struct cairn_service *const[]){
                          &monolith_service, &user_service, &order_service, &payment_service,
                          &notification_service, &projector_service, &query_service, NULL});
}
