#include "client/feature.h"
#include "client/observe.h"
#include "lw/objects.h"

/* ---- What is attached ------------------------------------------------------------------------ */

static size_t places(const lw_observing *all)
{
    return all->client->cfg.attributes_max;
}

lw_attached *lw_attached_find(const lw_observing *all, const lw_server *server, lw_path path)
{
    for (size_t i = 0; i < places(all); i++) {
        const lw_attached *a = &all->attached[i];
        if (a->server == server && lw_path_equal(a->path, path)) {
            return (lw_attached *)(uintptr_t)a;
        }
    }
    return NULL;
}

/* The place for a path: the one it has, or else a free one. NULL when all are taken. */
static lw_attached *place_for(const lw_observing *all, const lw_server *server, lw_path path)
{
    lw_attached *place = lw_attached_find(all, server, path);
    return place != NULL ? place : lw_attached_find(all, NULL, lw_path_root());
}

/* With attributes it belongs to that path, without it is free. */
static void settle(lw_attached *place, const lw_server *server, lw_path path)
{
    bool any = place->attrs.has != 0;
    place->server = any ? server : NULL;
    place->path = any ? path : lw_path_root();
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
                         unsigned highest, lw_attrs *attrs)
{
    for (unsigned depth = lw_path_depth(path); depth >= highest; depth--) {
        const lw_attached *a = lw_attached_find(all, server, lw_path_cut(path, depth));
        if (a != NULL) {
            lw_attrs_inherit(attrs, &a->attrs);
        }
    }
}

/* What a server object says about notifications to its server: zero is none in each of them. */
static void inherit_defaults(const lw_server *server, lw_attrs *attrs)
{
    const lw_attrs defaults = {
        .has = LW_ATTR_BIT(LW_ATTR_PMIN) | LW_ATTR_BIT(LW_ATTR_PMAX) | LW_ATTR_BIT(LW_ATTR_CON),
        .pmin = lw_server_setting(server, LW_RES_SERVER_DEFAULT_MINIMUM_PERIOD, 0),
        .pmax = lw_server_setting(server, LW_RES_SERVER_DEFAULT_MAXIMUM_PERIOD, 0),
        .con = lw_server_setting(server, LW_RES_SERVER_DEFAULT_NOTIFICATION_MODE, 0) != 0};
    lw_attrs_inherit(attrs, &defaults);
}

void lw_attrs_in_effect(const lw_observing *all, const lw_server *server, lw_path path,
                        const lw_attrs *query, lw_attrs *out_attrs)
{
    *out_attrs = (lw_attrs){.has = 0};
    if (query != NULL) {
        lw_attrs_inherit(out_attrs, query);
    } else {
        lw_attached_inherit(all, server, path, LW_LEVEL_OBJECT, out_attrs);
    }
    inherit_defaults(server, out_attrs);
}

void lw_attached_discover(void *state, const lw_server *server, lw_path path, bool is_target,
                          lw_writer *w)
{
    const lw_observing *all = state;
    lw_attrs attrs = {.has = 0};
    lw_attached_inherit(all, server, path, is_target ? LW_LEVEL_OBJECT : lw_path_depth(path),
                        &attrs);
    lw_attrs_write_link(w, &attrs, all->decimal);
}

/* ---- Requests --------------------------------------------------------------------------------
 */

lw_err lw_attrs_asked(const lw_observing *all, const lw_call *call, lw_attrs_change *out_change)
{
    lw_err err = lw_request_attrs(&call->request, all->decimal, out_change);
    if (err != LW_OK) { /* DM-53 */
        return LW_EINVAL;
    }
    lw_attrs_at at = {
        .level = (lw_level)call->target.asked,
        .def = call->target.def,
        .version = (lw_version)call->server->version,
    };
    uint16_t mask = lw_attrs_change_mask(out_change);
    if (at.level == LW_LEVEL_ROOT) { /* OBS-23: a list takes what any object does, but for hqmax */
        at.level = LW_LEVEL_OBJECT;
        err = (mask & ~LW_ATTRS_COMPOSITE) == 0 ? LW_OK : LW_EINVAL;
    }
    err = err == LW_OK ? lw_attrs_check_target(mask, &at) : err;
    return err == LW_ENOTSUP ? LW_EINVAL : err;
}

uint8_t lw_attached_write(lw_observing *all, const lw_call *call)
{
    lw_path path = call->request.path;
    lw_attrs_change change;
    lw_err err = lw_attrs_asked(all, call, &change);
    lw_attached *place = place_for(all, call->server, path);
    if (err == LW_OK && place != NULL) {
        err = lw_attrs_apply(&place->attrs, &change, all->decimal);
        settle(place, call->server, path);
    } else if (err == LW_OK && change.set.has != 0) { /* else there is nothing to unset */
        err = LW_ENOMEM;
    }
    lw_observing_look(all);
    lw_client_state_changed(call->client);
    return lw_op_code(LW_OP_WRITE_ATTRIBUTES, err);
}
