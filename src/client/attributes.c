#include "client/feature.h"
#include "client/observe.h"
#include "lw/objects.h"

/* ---- What is attached ------------------------------------------------------------------------ */

static size_t places(const lw_observing *all)
{
    return all->client->cfg.attributes_max;
}

static bool is_at(const lw_attached *a, const lw_server *server, lw_path path)
{
    return a->attrs.has != 0 && a->server == server && lw_path_equal(a->path, path);
}

/* The place for a path: the one it has, or else a free one. NULL when all are taken. */
static lw_attached *place_for(lw_observing *all, const lw_server *server, lw_path path)
{
    lw_attached *spare = NULL;
    for (size_t i = 0; i < places(all); i++) {
        lw_attached *a = &all->attached[i];
        if (is_at(a, server, path)) {
            return a;
        }
        spare = a->attrs.has == 0 ? a : spare;
    }
    return spare;
}

const lw_attrs *lw_attached_at(void *state, const lw_server *server, lw_path path)
{
    const lw_observing *all = state;
    for (size_t i = 0; i < places(all); i++) {
        if (is_at(&all->attached[i], server, path)) {
            return &all->attached[i].attrs;
        }
    }
    return NULL;
}

void lw_attached_set(lw_observing *all, const lw_server *server, lw_path path,
                     const lw_attrs *attrs)
{
    lw_attached *place = place_for(all, server, path);
    if (place != NULL) {
        *place = (lw_attached){.attrs = *attrs, .server = server, .path = path};
    }
}

void lw_attached_forget(lw_observing *all, const lw_server *server, lw_path path)
{
    for (size_t i = 0; i < places(all); i++) {
        lw_attached *a = &all->attached[i];
        if ((server == NULL || a->server == server) && lw_path_contains(path, a->path)) {
            a->attrs.has = 0;
        }
    }
}

/* ---- What is in effect ------------------------------------------------------------------------
 */

static uint32_t default_of(const lw_server *server, uint16_t resource, lw_attr attr,
                           lw_attrs *attrs)
{
    lw_path path = lw_path_resource(LW_OBJ_SERVER, server->account, resource);
    if (lw_tree_exists(&server->client->tree, path)) {
        attrs->has |= LW_ATTR_BIT(attr);
    }
    return lw_server_setting(server, resource, 0);
}

/* What a server object says about notifications to its server. */
static lw_attrs defaults_of(const lw_server *server)
{
    lw_attrs a = {.has = 0};
    a.pmin = default_of(server, LW_RES_SERVER_DEFAULT_MINIMUM_PERIOD, LW_ATTR_PMIN, &a);
    a.pmax = default_of(server, LW_RES_SERVER_DEFAULT_MAXIMUM_PERIOD, LW_ATTR_PMAX, &a);
    a.con = default_of(server, LW_RES_SERVER_DEFAULT_NOTIFICATION_MODE, LW_ATTR_CON, &a) != 0;
    return a;
}

lw_attrs lw_attrs_in_effect(const lw_observing *all, const lw_server *server, lw_path path,
                            const lw_attrs *query)
{
    lw_attrs defaults = defaults_of(server);
    const lw_attrs *at[LW_PATH_DEPTH_MAX + 1] = {&defaults};
    for (size_t i = 0; i < places(all); i++) {
        const lw_attached *a = &all->attached[i];
        if (a->attrs.has != 0 && a->server == server && lw_path_contains(a->path, path)) {
            at[lw_path_depth(a->path)] = &a->attrs;
        }
    }
    return lw_attrs_effective(at, (lw_level)lw_path_depth(path), query);
}

/* ---- Requests --------------------------------------------------------------------------------
 */

const lw_attr_decimal *lw_client_decimal(const lw_client *client)
{
    LW_EACH_PART (client, i, LW_PART_THRESHOLDS) {
        return client->cfg.features[i]->as.thresholds.decimal;
    }
    return NULL;
}

lw_err lw_attrs_asked(const lw_call *call, lw_attrs_change *out_change)
{
    const lw_request *request = call->request;
    lw_err err = lw_request_attrs(request, lw_client_decimal(call->client), out_change);
    if (err != LW_OK) { /* DM-53 */
        return LW_EINVAL;
    }
    lw_attrs_at at = {
        .level = (lw_level)lw_path_depth(request->path),
        .def = lw_tree_resource_def(&call->client->tree, request->path),
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
    lw_path path = call->request->path;
    lw_attrs_change change;
    lw_err err = lw_attrs_asked(call, &change);
    lw_attached *place = place_for(all, call->server, path);
    if (err == LW_OK && place == NULL) {
        err = change.set.has != 0 ? LW_ENOMEM : LW_OK; /* there is nothing to unset */
    } else if (err == LW_OK) {
        err = lw_attrs_apply(&place->attrs, &change, lw_client_decimal(call->client));
        place->server = call->server;
        place->path = path;
    }
    lw_observing_look(all);
    lw_client_state_changed(call->client);
    return lw_op_code(LW_OP_WRITE_ATTRIBUTES, err);
}
