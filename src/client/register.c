/* What a device says to a server: Register, Update, De-register (REG). Requests with an object list
 * go out in blocks where it is long; the list is written anew for each block, so it is nowhere in
 * one piece. */
#include "client/feature.h"
#include "client/serve.h"
#include "client/server.h"
#include "lw/objects.h"
#include "model/access.h"

#define OPTIONS_MAX 384u /* endpoint name, location and the rest, encoded */

/* ---- The object list (REG-20..23) -------------------------------------------------------------
 */

/* Instances; and objects of which more is to be said (VER-11), or nothing else (P-OBJ-12). */
static void write_list(const lw_server *server, lw_writer *w)
{
    lw_link_out list;
    lw_tree *tree = &server->client->tree;
    lw_path at = lw_path_root();
    lw_object_list_begin(&list, w, server->client->cfg.formats, (lw_version)server->version);
    while (lw_tree_walk(tree, &at, LW_LEVEL_ROOT, LW_LEVEL_INSTANCE)) {
        lw_object_version version;
        bool is_instance = lw_path_reaches(at, LW_LEVEL_INSTANCE);
        bool is_told =
            !is_instance && lw_object_names_version(lw_tree_object(tree, at),
                                                    (lw_version)server->version, &version);
        if (is_told || is_instance || lw_tree_count(tree, at) == 0) {
            lw_object_list_put(&list, at, is_told ? &version : NULL);
        }
    }
}

static lw_err read_list(void *ctx, size_t offset, uint8_t *out, size_t len)
{
    lw_writer w;
    lw_writer_init_window(&w, out, len, offset);
    write_list(ctx, &w);
    return w.err;
}

static size_t list_length(const lw_server *server)
{
    lw_writer w;
    lw_writer_init_window(&w, NULL, 0, 0);
    write_list(server, &w);
    return w.pos;
}

/* ---- Parameters -------------------------------------------------------------------------------
 */

/* `b`: since 1.1 what the device supports (3/0/16, REG-61); in 1.0 what the server chose (REG-60).
 */
static void put_binding(lw_coap_out *out, const lw_server *server, bool is_1_0)
{
    lw_path path =
        is_1_0 ? lw_path_resource(LW_OBJ_SERVER, server->account, LW_RES_SERVER_BINDING)
               : lw_path_resource(LW_OBJ_DEVICE, 0, LW_RES_DEVICE_SUPPORTED_BINDING_AND_MODES);
    lw_bytes letters = lw_tree_octets(&server->client->tree, path);
    lw_binding_put(out, letters.len > 0 ? letters : lw_bytes_str("U"),
                   is_1_0 && server->client->cfg.queue_mode);
}

/* Those of REG-02, in its order. */
static void put_parameters(lw_coap_out *out, lw_server *server, bool is_new)
{
    const lw_client_cfg *cfg = &server->client->cfg;
    bool is_1_0 = lw_version_has((lw_version)server->version, LW_FEATURE_QUEUE_IN_BINDING);
    if (is_new) {
        lw_query_put(out, "ep=", cfg->endpoint);
    }
    if ((server->telling & LW_UPDATE_LIFETIME) != 0) {
        server->lifetime = lw_server_setting(server, LW_RES_SERVER_LIFETIME, 86400);
        lw_query_put_number(out, "lt=", server->lifetime);
    }
    if (is_new) {
        lw_query_put(out, "lwm2m=", lw_version_text((lw_version)server->version));
    }
    if ((server->telling & LW_UPDATE_BINDING) != 0) {
        put_binding(out, server, is_1_0);
    }
    if (is_new && cfg->queue_mode && !is_1_0) {
        lw_query_put(out, "Q", "");
    }
}

/* ---- Requests ---------------------------------------------------------------------------------
 */

/* In as many messages as it takes, or in one that is written into the endpoint's buffer: no answer
 * is in it now. */
lw_err lw_server_send(lw_server *server, lw_coap_request *request, size_t list)
{
    lw_client *client = server->client;
    lw_coap_exchange *started = NULL;
    lw_plug *plug = lw_client_part(client, LW_PART_BLOCKWISE);
    if (plug != NULL) {
        return plug->feature->as.blockwise.start(server, request, read_list, list, &server->asking);
    }
    if (list > client->cfg.payload_max) {
        return LW_ETOOBIG;
    }
    request->payload = lw_bytes_of(client->coap.config.buf, list);
    lw_err err = read_list(server, 0, client->coap.config.buf, list);
    if (err == LW_OK) {
        err = lw_coap_start(&client->coap, &server->peer, client->now, request, &started);
        server->asking = started;
    }
    return err;
}

void lw_server_stop_asking(lw_server *server)
{
    lw_client *client = server->client;
    if (server->asking == NULL) {
        return;
    }
    lw_plug *plug = lw_client_part(client, LW_PART_BLOCKWISE);
    if (plug != NULL) {
        plug->feature->as.blockwise.cancel(server->asking, client->now);
        return;
    }
    lw_coap_cancel(&client->coap, server->asking, client->now);
}

lw_err lw_server_say(lw_server *server, lw_coap_end_fn on_end)
{
    uint8_t buf[OPTIONS_MAX];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin_options(&out, &w);
    bool is_new = server->state == LW_SERVER_REGISTERING;
    bool has_list = (server->telling & LW_UPDATE_OBJECTS) != 0;
    lw_registration_begin(&out, is_new ? NULL : &server->location, has_list);
    put_parameters(&out, server, is_new);
    lw_coap_request request = {.code = server->state == LW_SERVER_DEREGISTERING ? LW_COAP_DELETE
                                                                                : LW_COAP_POST,
                               .options = lw_writer_plain(&w),
                               .on_end = on_end,
                               .ctx = server};
    size_t list = has_list ? list_length(server) : 0;
    return w.err == LW_OK ? lw_server_send(server, &request, list) : w.err;
}
