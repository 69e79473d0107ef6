#include "server/shared/keep.h"

#include "server/engine.h"

void lw_keep_init(lw_keep *keep)
{
    lw_list_init(&keep->link);
}

void lw_keep_until(lw_server *server, lw_keep *keep, lw_ticket ticket,
                   void (*done)(lw_server *server, lw_keep *keep, lw_err err))
{
    lw_keep_init(keep);
    keep->ticket = ticket;
    keep->done = done;
    if (ticket == 0) {
        done(server, keep, LW_OK);
    } else {
        lw_list_add_last(&server->keeps, &keep->link);
    }
}

void lw_keep_stop(lw_keep *keep)
{
    lw_list_remove(&keep->link);
}

void lw_keep_release(lw_server *server, lw_ticket ticket, lw_err err)
{
    while (!lw_list_is_empty(&server->keeps)) {
        lw_keep *keep = LW_CONTAINER(server->keeps.next, lw_keep, link);
        if (keep->ticket > ticket) {
            return;
        }
        lw_list_remove(&keep->link);
        keep->done(server, keep, err);
    }
}
