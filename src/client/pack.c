/* Bootstrap-Pack (BS-60 to BS-65): the whole configuration in one answer. */
#include "client/bootstrap.h"
#include "codec/link.h"
#include "lw/objects.h"
#include "model/access.h"
#include "proto/bootstrap.h"

void lw_bs_write_account(lw_client *client, lw_writer *w)
{
    lw_link_out out;
    lw_link_begin(&out, w);
    lw_path at = lw_path_root(), part;
    while (lw_bs_next_part(client, lw_bs_account(client), &at, &part)) {
        lw_link_put(&out, NULL, &part);
    }
}

const lw_format *lw_bs_pack_format(const lw_client *client)
{
    if (!lw_version_has((lw_version)client->cfg.version, LW_FEATURE_BOOTSTRAP_PACK)) {
        return NULL;
    }
    lw_format_choice choice = {.formats = client->cfg.formats,
                               .version = (lw_version)client->cfg.version,
                               .preferred = LW_CF_NONE};
    return lw_op_answer_format(LW_OP_BS_PACK_REQUEST, &choice, NULL);
}

/* Every object that the pack speaks of starts from nothing (P-BS-05). Entries of an object need not
 * stand together: nothing is written yet, so removing twice does no harm. */
static lw_err remove_what_it_replaces(lw_client *client, const lw_format *format, lw_bytes pack,
                                      lw_bytes scratch)
{
    lw_decode_cfg cfg = {.base = lw_path_root(),
                         .type_of = lw_tree_type_of,
                         .type_ctx = &client->tree,
                         .scratch = (uint8_t *)(uintptr_t)scratch.ptr,
                         .scratch_len = scratch.len};
    lw_decoder d;
    lw_entry e;
    lw_decoder_init(&d, format, &cfg);
    lw_decoder_feed(&d, pack, true);
    lw_err err = LW_OK;
    lw_path last = lw_path_root();
    while ((err = lw_decoder_next(&d, &e)) == LW_OK) {
        lw_path object = lw_path_cut(e.path, LW_LEVEL_OBJECT);
        if (lw_tree_object(&client->tree, lw_path_id(object, LW_LEVEL_OBJECT)) == NULL) {
            return LW_ENOTFOUND; /* we cannot hold it: not at all (BS-63) */
        }
        if (!lw_path_equal(object, last)) {
            err = lw_bs_remove(client, object);
        }
        if (err != LW_OK) {
            return err;
        }
        last = object;
    }
    return err == LW_END ? LW_OK : err;
}

static lw_err apply(lw_client *client, const lw_format *format, lw_bytes pack, lw_bytes scratch)
{
    lw_err err = remove_what_it_replaces(client, format, pack, scratch);
    if (err != LW_OK) {
        return err;
    }
    lw_apply all = {
        .client = client,
        .format = format,
        .base = lw_path_root(),
        .payload = pack,
        .scratch = (uint8_t *)(uintptr_t)scratch.ptr,
        .scratch_len = scratch.len,
    };
    return lw_bs_apply(&all);
}

lw_err lw_bs_pack_apply(lw_client *client, const lw_format *format, lw_bytes pack)
{
    size_t room = client->cfg.payload_max; /* for values that are no views */
    uint8_t *scratch = lw_mem_alloc(&client->mem, room);
    lw_err err = scratch != NULL ? lw_tree_begin(&client->tree) : LW_ENOMEM;
    if (err == LW_OK) {
        err = lw_tree_end(&client->tree, apply(client, format, pack, lw_bytes_of(scratch, room)));
    }
    if (scratch != NULL) {
        lw_wipe(scratch, room);
    }
    lw_mem_release(&client->mem, scratch);
    return err;
}
