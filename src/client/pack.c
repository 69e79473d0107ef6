/* lw_feature_bootstrap_pack: the whole configuration in one answer (BS-60 to BS-65). */
#include "client/bootstrap.h"
#include "client/feature.h"

#define ACCOUNT_MAX (4u * LW_PATH_TEXT_MAX)

/* ---- Taking one -------------------------------------------------------------------------------
 */

/* Every object that the pack speaks of starts from nothing (P-BS-05). Entries of an object need not
 * stand together: nothing is written yet, so removing twice does no harm. */
static lw_err make_room(lw_apply *a, const lw_entry *e)
{
    if (lw_tree_object(&a->client->tree, e->path) == NULL) {
        return LW_ENOTFOUND; /* we cannot hold it: not at all (BS-63) */
    }
    return lw_bs_remove(a->client, false, lw_path_cut(e->path, LW_LEVEL_OBJECT));
}

static lw_err replace(lw_apply *pack)
{
    static const lw_apply_rules rules = {.prepare = make_room};
    pack->rules = &rules;
    lw_err err = lw_apply_prepare(pack);
    return err == LW_OK ? lw_bs_apply(pack) : err;
}

static lw_err replace_in_transaction(lw_apply *pack)
{
    lw_err err = lw_tree_begin(&pack->client->tree);
    return err == LW_OK ? lw_tree_end(&pack->client->tree, replace(pack)) : err;
}

/* As a whole or not at all, and consistent (BS-63). Values that are no views into it are decoded
 * into the endpoint's buffer: no answer is in it now. */
static lw_err take(lw_bootstrap *bs, const lw_format *format, lw_bytes payload)
{
    lw_client *client = bs->server.client;
    lw_apply pack = {.client = client,
                     .decoder = {.format = format,
                                 .cfg = {.base = lw_path_root(),
                                         .type_of = lw_tree_type_of,
                                         .type_ctx = &client->tree,
                                         .scratch = client->coap.config.buf,
                                         .scratch_len = client->cfg.payload_max}}};
    lw_decoder_feed(&pack.decoder, payload, true);
    lw_err err = lw_tree_hold(&client->tree);
    if (err != LW_OK) {
        return err;
    }
    err = replace_in_transaction(&pack);
    err = err == LW_OK ? lw_bs_conclude(bs) : err;
    if (err != LW_OK) {
        lw_tree_revert(&client->tree);
    }
    return err;
}

/* ---- Asking for one ---------------------------------------------------------------------------
 */

static lw_format_choice formats_of(const lw_client *client)
{
    return (lw_format_choice){.formats = client->cfg.formats,
                              .version = (lw_version)client->cfg.version,
                              .preferred = LW_CF_NONE};
}

static const lw_format *format_of(const lw_client *client, const lw_coap_msg *msg)
{
    lw_format_choice choice = formats_of(client);
    return lw_op_find_answer_format(LW_OP_BS_PACK_REQUEST, &choice, lw_content_format_of(msg));
}

static void on_pack(void *ctx, const lw_coap_result *result)
{
    lw_bootstrap *bs = ctx;
    bs->server.asking = NULL;
    if (result->err == LW_ECANCELED || bs->state != LW_BS_ASKING_PACK) {
        return;
    }
    bool is_pack = result->err == LW_OK && result->msg->code == LW_COAP_CONTENT;
    bs->no_packs = result->err == LW_OK && !is_pack;
    const lw_format *format = is_pack ? format_of(bs->server.client, result->msg) : NULL;
    if (format == NULL || take(bs, format, result->msg->payload) != LW_OK) {
        lw_bs_ask(bs); /* BS-62, BS-63 */
    }
}

void lw_bs_write_account(lw_client *client, lw_writer *w)
{
    lw_link_out out;
    lw_link_begin(&out, w);
    lw_path at = lw_path_root();
    while (lw_tree_next(&client->tree, &at, LW_LEVEL_ROOT, LW_LEVEL_INSTANCE)) {
        if (lw_bs_owner(client, at) == 0) {
            lw_link_put(&out, &at);
        }
    }
}

static lw_err ask(lw_bootstrap *bs)
{
    lw_client *client = bs->server.client;
    lw_format_choice choice = formats_of(client);
    const lw_format *format = lw_op_answer_format(LW_OP_BS_PACK_REQUEST, &choice, NULL);
    if (bs->no_packs || format == NULL ||
        !lw_version_has((lw_version)client->cfg.version, LW_FEATURE_BOOTSTRAP_PACK)) {
        return LW_ENOTSUP;
    }
    uint8_t account[ACCOUNT_MAX];
    lw_writer w;
    lw_writer_init(&w, account, sizeof account);
    lw_bs_write_account(client, &w);
    lw_write_u8(&w, '\0');
    const char *text = w.err == LW_OK ? (const char *)account : NULL;
    return lw_bs_send(bs, LW_OP_BS_PACK_REQUEST, format->id, text, on_pack);
}

/* It is larger than a message. */
static lw_err init(lw_client *client, void *state)
{
    (void)state;
    const lw_client_feature *const *f = client->cfg.features;
    while (*f != NULL && (*f)->part != LW_PART_BLOCKWISE) {
        f++;
    }
    return *f != NULL ? LW_OK : LW_EINVAL;
}

const lw_client_feature lw_feature_bootstrap_pack = {
    .init = init, .part = LW_PART_PACK, .as.ask_pack = ask};
