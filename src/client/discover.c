#include "client/feature.h"
#include "client/serve.h"
#include "model/registry.h"
#include "proto/register.h"

bool lw_object_names_version(const lw_object *object, lw_version enabler,
                             lw_object_version *out_version)
{
    const lw_object_def *def = object->def;
    lw_object_version implied = lw_object_version_implied(enabler, def->id);
    *out_version = (lw_object_version){def->major, def->minor};
    return implied.major != def->major || implied.minor != def->minor;
}

static void write_link(lw_client *client, const lw_server *server, lw_path path, bool is_target,
                       lw_link_out *out)
{
    lw_tree *tree = &client->tree;
    lw_object_version version;
    lw_place at;
    unsigned depth = lw_tree_find(tree, path, &at);
    bool is_told = depth == LW_LEVEL_OBJECT &&
                   lw_object_names_version(at.object, (lw_version)server->version, &version);
    lw_object_list_put(out, path, is_told ? &version : NULL);
    if (depth == LW_LEVEL_RESOURCE && lw_place_is_multiple(&at)) {
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
static unsigned default_depth(const lw_call *call)
{
    unsigned level = lw_path_depth(call->request.path);
    if (level == LW_LEVEL_RESOURCE && call->server->version == LW_VERSION_1_0) {
        return 0;
    }
    return level == LW_LEVEL_OBJECT ? 2 : 1;
}

static lw_err answer_links(const lw_call *call, unsigned depth)
{
    lw_coap_put_uint(&call->reply->options, LW_COAP_OPT_CONTENT_FORMAT, LW_CF_LINK);
    lw_discover_write(call->client, call->server, call->request.path, depth, &call->reply->payload);
    return call->reply->payload.err;
}

lw_err lw_serve_discover(const lw_call *call)
{
    return answer_links(call, default_depth(call));
}

/* ---- lw_feature_depth: as deep as the query says (DM-21) ------------------------------------- */

static lw_err serve(void *state, lw_call *call)
{
    (void)state;
    unsigned depth = default_depth(call);
    if (lw_version_has((lw_version)call->server->version, LW_FEATURE_DISCOVER_DEPTH)) {
        depth = lw_request_depth(&call->request, depth);
    }
    return depth <= LW_DEPTH_MAX ? answer_links(call, depth) : LW_EINVAL;
}

const lw_client_feature lw_feature_depth = {
    .ops = (uint32_t)1 << LW_OP_DISCOVER,
    .serve = serve,
};
