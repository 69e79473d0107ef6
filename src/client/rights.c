#include "client/feature.h"
#include "client/serve.h"
#include "model/access.h"

unsigned lw_rights_of(lw_client *client, const lw_server *server, lw_path path)
{
    uint16_t object = lw_path_id(path, LW_LEVEL_OBJECT);
    uint16_t instance = lw_path_id(path, LW_LEVEL_INSTANCE);
    unsigned rights = LW_RIGHT_R | LW_RIGHT_W | LW_RIGHT_E | LW_RIGHT_D | LW_RIGHT_C;
    if (lw_access_is_bootstrap_only(object)) {
        return 0;
    }
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
    lw_path at = lw_path_cut(path, LW_LEVEL_INSTANCE);
    unsigned top = lw_path_depth(at);
    lw_err err =
        lw_access_is_bootstrap_only(lw_path_id(path, LW_LEVEL_OBJECT)) ? LW_EDENIED : LW_OK;
    do {
        if (lw_tree_depth_of(&client->tree, at) == LW_LEVEL_INSTANCE) {
            if ((lw_rights_of(client, server, at) & LW_RIGHT_R) != 0) {
                return LW_OK;
            }
            err = LW_EDENIED;
        }
    } while (lw_tree_walk(&client->tree, &at, top, LW_LEVEL_INSTANCE));
    return err;
}
