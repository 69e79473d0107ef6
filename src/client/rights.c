#include "client/feature.h"
#include "client/serve.h"
#include "model/access.h"

unsigned lw_rights_of(lw_client *client, const lw_server *server, uint16_t object,
                      uint16_t instance)
{
    unsigned rights = LW_RIGHT_R | LW_RIGHT_W | LW_RIGHT_E | LW_RIGHT_D | LW_RIGHT_C;
    LW_EACH_PART (client, i, LW_PART_ACCESS) {
        rights &= client->cfg.features[i]->as.access.rights(client->feature_state[i], server,
                                                            object, instance);
    }
    return rights;
}

lw_err lw_rights_created(lw_client *client, lw_server *server, lw_path instance)
{
    lw_err err = LW_OK;
    LW_EACH_PART (client, i, LW_PART_ACCESS) {
        err = err == LW_OK ? client->cfg.features[i]->as.access.created(client->feature_state[i],
                                                                        server, instance)
                           : err;
    }
    return err;
}

lw_err lw_rights_to_read(lw_client *client, const lw_server *server, lw_path path)
{
    if (lw_path_depth(path) > LW_LEVEL_ROOT &&
        lw_access_is_bootstrap_only(lw_path_id(path, LW_LEVEL_OBJECT))) {
        return LW_EDENIED;
    }
    lw_path scope = lw_path_cut(path, LW_LEVEL_INSTANCE);
    lw_err err = LW_OK;
    lw_path at = scope;
    bool more = lw_path_depth(scope) == LW_LEVEL_INSTANCE
                    ? lw_tree_exists(&client->tree, scope)
                    : lw_tree_next(&client->tree, scope, LW_LEVEL_INSTANCE, at, &at) == LW_OK;
    while (more) {
        bool is_open = !lw_access_is_bootstrap_only(lw_path_id(at, LW_LEVEL_OBJECT));
        if (is_open && (lw_rights_of(client, server, lw_path_id(at, LW_LEVEL_OBJECT),
                                     lw_path_id(at, LW_LEVEL_INSTANCE)) &
                        LW_RIGHT_R) != 0) {
            return LW_OK;
        }
        err = is_open ? LW_EDENIED : err;
        more = lw_tree_next(&client->tree, scope, LW_LEVEL_INSTANCE, at, &at) == LW_OK;
    }
    return err;
}
