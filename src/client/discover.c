#include "client/feature.h"
#include "client/serve.h"
#include "model/registry.h"
#include "proto/register.h"

bool lw_object_names_version(const lw_tree *tree, lw_path path, lw_version enabler,
                             lw_object_version *out_version)
{
    if (lw_path_depth(path) != LW_LEVEL_OBJECT) {
        return false;
    }
    const lw_object *object = lw_tree_object(tree, path);
    lw_object_version implied = lw_object_version_implied(enabler, object->def->id);
    *out_version = (lw_object_version){object->def->major, object->def->minor};
    return implied.major != out_version->major || implied.minor != out_version->minor;
}

static void write_link(lw_client *client, const lw_server *server, lw_path path, bool is_target,
                       lw_link_out *out)
{
    lw_tree *tree = &client->tree;
    lw_object_version version;
    bool is_told = lw_object_names_version(tree, path, (lw_version)server->version, &version);
    lw_object_list_put(out, path, is_told ? &version : NULL);
    lw_place at;
    if (lw_tree_find(tree, path, &at) == LW_LEVEL_RESOURCE && lw_place_is_multiple(&at)) {
        lw_link_put_u16(out, "dim", (uint16_t)lw_tree_count(tree, path));
    }
    lw_plug *plug = lw_client_part(client, LW_PART_OBSERVE);
    if (plug != NULL) {
        plug->feature->as.observe.attributes(plug->state, server, path, is_target, out->w);
    }
}

void lw_discover_write(lw_client *client, const lw_server *server, lw_path path, unsigned depth,
                       lw_writer *w)
{
    lw_link_out out;
    lw_link_begin(&out, w);
    unsigned top = lw_path_depth(path);
    lw_path at = path;
    do {
        write_link(client, server, at, lw_path_equal(at, path), &out);
    } while (lw_tree_walk(&client->tree, &at, top, top + depth));
}

/* DM-21, DM-24: instances and resources below an object, else one level; 1.0 knows no resource
 * instances. */
static unsigned default_depth(lw_path path, lw_version version)
{
    if (lw_path_depth(path) == LW_LEVEL_RESOURCE && version == LW_VERSION_1_0) {
        return 0;
    }
    return lw_path_depth(path) == LW_LEVEL_OBJECT ? 2 : 1;
}

lw_err lw_serve_discover(const lw_call *call)
{
    const lw_request *request = &call->request;
    lw_version version = (lw_version)call->server->version;
    unsigned depth = default_depth(request->path, version);
    if (lw_version_has(version, LW_FEATURE_DISCOVER_DEPTH)) {
        lw_err err = lw_request_depth(request, &depth);
        if (err != LW_OK) {
            return err;
        }
    }
    lw_coap_put_uint(&call->reply->options, LW_COAP_OPT_CONTENT_FORMAT, LW_CF_LINK);
    lw_discover_write(call->client, call->server, request->path, depth, &call->reply->payload);
    return call->reply->payload.err;
}
