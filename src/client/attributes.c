#include "base/apart.h"
#include "client/feature.h"
#include "client/observe.h"
#include "lw/objects.h"

/* ---- What is attached ------------------------------------------------------------------------ */

static size_t places(const lw_observing *all)
{
    return all->client->cfg.attributes_max;
}

LW_APART lw_attached *lw_attached_place(const lw_observing *all, const lw_server *server,
                                        lw_path path)
{
    const lw_attached *place = NULL;
    for (size_t i = 0; i < places(all); i++) {
        const lw_attached *a = &all->attached[i];
        bool is_it = a->server == server && lw_path_equal(a->path, path);
        if (is_it || (a->server == NULL && place == NULL)) {
            place = a;
        }
        if (is_it) {
            break;
        }
    }
    return (lw_attached *)(uintptr_t)place;
}

void lw_attached_forget(lw_observing *all, const lw_server *server, lw_path path)
{
    for (size_t i = 0; i < places(all); i++) {
        lw_attached *a = &all->attached[i];
        if ((server == NULL || a->server == server) && lw_path_contains(path, a->path)) {
            *a = (lw_attached){.server = NULL};
        }
    }
}

/* ---- What is in effect ------------------------------------------------------------------------
 */

void lw_attached_inherit(const lw_observing *all, const lw_server *server, lw_path path,
                         bool is_whole, lw_attrs *attrs)
{
    unsigned depth = lw_path_depth(path);
    while (depth > LW_LEVEL_ROOT) {
        const lw_attached *a = lw_attached_place(all, server, lw_path_cut(path, depth));
        if (a != NULL) {
            lw_attrs_inherit(attrs, &a->attrs);
        }
        depth = is_whole ? depth - 1 : LW_LEVEL_ROOT;
    }
}

void lw_observed_attrs_at(const lw_observed *obs, unsigned target, bool is_value,
                          lw_attrs *out_attrs)
{
    const lw_server *server = obs->values.server;
    const lw_observe_1_2 *since_1_2 = obs->all->since_1_2;
    *out_attrs =
        (lw_attrs){.pmin = lw_server_setting(server, LW_RES_SERVER_DEFAULT_MINIMUM_PERIOD, 0),
                   .pmax = lw_server_setting(server, LW_RES_SERVER_DEFAULT_MAXIMUM_PERIOD, 0)};
    if (since_1_2 == NULL || !since_1_2->replace(obs, is_value, out_attrs)) {
        lw_attached_inherit(obs->all, server, obs->targets[target], true, out_attrs);
    }
}

void lw_attached_discover(void *state, const lw_server *server, lw_path path, bool is_target,
                          lw_writer *w)
{
    const lw_observing *all = state;
    lw_attrs attrs = {.has = 0};
    lw_attached_inherit(all, server, path, is_target, &attrs);
    lw_attrs_write_link(w, &attrs, &all->known);
}

/* ---- Requests --------------------------------------------------------------------------------
 */

lw_err lw_attrs_asked(const lw_observing *all, const lw_call *call, lw_attrs_change *change)
{
    change->level = (uint8_t)call->target.asked;
    change->version = call->server->version;
    change->def = call->target.def;
    change->known = &all->known;
    lw_err err = lw_request_attrs(&call->request, change);
    return err == LW_OK ? lw_attrs_check(change) : LW_EINVAL; /* DM-53 */
}

lw_err lw_attached_write(lw_observing *all, const lw_call *call)
{
    lw_attached *place = lw_attached_place(all, call->server, call->request.path);
    lw_attrs_change change = {.named = 0};
    if (place != NULL) {
        change.attrs = place->attrs;
    }
    lw_err err = lw_attrs_asked(all, call, &change);
    bool any = change.attrs.has != 0;
    if (err == LW_OK && place != NULL) {
        *place = (lw_attached){
            .attrs = change.attrs, .path = call->request.path, .server = any ? call->server : NULL};
    } else if (err == LW_OK && any) { /* all places are taken */
        err = LW_ENOMEM;
    }
    lw_observing_look(all);
    lw_client_state_changed(call->client);
    return err;
}
