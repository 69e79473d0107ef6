#include "client/feature.h"
#include "client/serve.h"
#include "model/access.h"

unsigned lw_rights_of(const lw_server *server, lw_path path)
{
    if (lw_access_is_bootstrap_only(lw_path_id(path, LW_LEVEL_OBJECT))) {
        return 0;
    }
    lw_plug *plug = lw_client_part(server->client, LW_PART_ACCESS);
    return plug != NULL ? plug->feature->as.access.rights(server, path)
                        : LW_RIGHT_R | LW_RIGHT_W | LW_RIGHT_E | LW_RIGHT_D | LW_RIGHT_C;
}

lw_err lw_rights_created(const lw_server *server, lw_path instance)
{
    lw_plug *plug = lw_client_part(server->client, LW_PART_ACCESS);
    return plug != NULL ? plug->feature->as.access.created(server, instance) : LW_OK;
}

lw_err lw_rights_to_read(const lw_server *server, lw_path path)
{
    lw_tree *tree = &server->client->tree;
    lw_path at = lw_path_cut(path, LW_LEVEL_INSTANCE);
    unsigned top = lw_path_depth(at);
    lw_err err =
        lw_access_is_bootstrap_only(lw_path_id(path, LW_LEVEL_OBJECT)) ? LW_EDENIED : LW_OK;
    do {
        lw_place place;
        if (lw_tree_find(tree, at, &place) == LW_LEVEL_INSTANCE) {
            if ((lw_rights_of(server, at) & LW_RIGHT_R) != 0) {
                return LW_OK;
            }
            err = LW_EDENIED;
        }
    } while (lw_tree_walk(tree, &at, top, LW_LEVEL_INSTANCE));
    return err;
}
