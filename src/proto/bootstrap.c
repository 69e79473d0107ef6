#include "proto/bootstrap.h"

#include "base/num.h"
#include "base/reader.h"
#include "proto/endpoint.h"
#include "proto/query.h"

bool lw_bs_is_format(uint16_t content_format)
{
    return content_format == LW_CF_TLV || content_format == LW_CF_SENML_JSON ||
           content_format == LW_CF_SENML_CBOR || content_format == LW_CF_LWM2M_CBOR;
}

/* ---- Bootstrap-Request, Bootstrap-Pack-Request ---------------------------------------------- */

void lw_bs_request_put(lw_coap_out *out, lw_op op, uint16_t format, const char *endpoint,
                       const char *account)
{
    lw_op_put_path(out, op);
    if (endpoint != NULL) {
        lw_query_put(out, "ep=", endpoint);
    }
    if (account != NULL) {
        lw_query_put(out, "acc=", account);
    }
    if (format != LW_CF_NONE) {
        if (op == LW_OP_BS_REQUEST) {
            lw_query_put_number(out, "pct=", format);
        } else {
            lw_coap_put_uint(out, LW_COAP_OPT_ACCEPT, format);
        }
    }
}

lw_err lw_bs_account_next(lw_link_reader *account, lw_path *out_instance)
{
    lw_corelink link;
    lw_err err = lw_link_next(account, &link);
    if (err != LW_OK) {
        return err;
    }
    lw_bytes prefix;
    if (lw_link_target_split(link.target, &prefix, out_instance) != LW_OK || prefix.len > 0 ||
        lw_path_depth(*out_instance) != LW_LEVEL_INSTANCE) {
        return LW_EFORMAT;
    }
    return LW_OK;
}

static bool is_account(lw_bytes text)
{
    lw_link_reader account;
    lw_link_reader_init(&account, text);
    lw_path instance;
    lw_err err;
    do {
        err = lw_bs_account_next(&account, &instance);
    } while (err == LW_OK);
    return err == LW_END;
}

/* BS-13: what is no number is as little supported as a number that is no format. */
static lw_refusal take_format(lw_bytes text, lw_bs_request *bs)
{
    uint32_t number;
    if (lw_num_parse_uint32(text, &number) != LW_OK || number > UINT16_MAX ||
        !lw_bs_is_format((uint16_t)number)) {
        return LW_REFUSAL_BAD_FORMAT;
    }
    bs->format = (uint16_t)number;
    return LW_REFUSAL_NONE;
}

static lw_refusal take_parameter(const lw_query *query, bool is_pack, bool strict,
                                 lw_bs_request *bs)
{
    if (lw_bytes_is(query->name, "ep")) {
        if (bs->endpoint.ptr != NULL) {
            return LW_REFUSAL_REPEATED;
        }
        bs->endpoint = query->value;
        return lw_endpoint_is_valid(query->value) ? LW_REFUSAL_NONE : LW_REFUSAL_BAD_ENDPOINT;
    }
    if (!is_pack && lw_bytes_is(query->name, "pct")) {
        return bs->format != LW_CF_NONE ? LW_REFUSAL_REPEATED : take_format(query->value, bs);
    }
    if (is_pack && lw_bytes_is(query->name, "acc")) {
        if (bs->account.ptr != NULL) {
            return LW_REFUSAL_REPEATED;
        }
        bs->account = query->value;
        return is_account(query->value) ? LW_REFUSAL_NONE : LW_REFUSAL_BAD_ACCOUNT;
    }
    return strict ? LW_REFUSAL_UNKNOWN : LW_REFUSAL_NONE;
}

lw_refusal lw_bs_request_parse(const lw_request *request, const lw_bs_policy *policy,
                               lw_bs_request *out_bs)
{
    bool is_pack = request->op == LW_OP_BS_PACK_REQUEST;
    *out_bs = (lw_bs_request){.format = LW_CF_NONE};
    lw_coap_opt_iter it = lw_coap_opts(request->options);
    lw_query query;
    while (lw_query_next(&it, &query)) {
        lw_refusal refusal = take_parameter(&query, is_pack, policy->strict, out_bs);
        if (refusal != LW_REFUSAL_NONE) {
            return refusal;
        }
    }
    if (is_pack) {
        out_bs->format = (uint16_t)request->accept;
    }
    if (out_bs->endpoint.ptr == NULL && !policy->identified) {
        return LW_REFUSAL_NO_ENDPOINT;
    }
    return LW_REFUSAL_NONE;
}

/* ---- Bootstrap-Discover --------------------------------------------------------------------- */

void lw_bs_discover_begin(lw_link_out *out, lw_writer *w, lw_version version)
{
    lw_link_begin(out, w);
    lw_link_put(out, (lw_path[]){lw_path_root()});
    lw_link_put_attr(out, "lwm2m", lw_bytes_str(lw_version_text(version)));
}

void lw_bs_discover_put(lw_link_out *out, const lw_bs_item *item)
{
    lw_link_put(out, &item->path);
    if (item->has_version) {
        lw_link_put_version(out, &item->version);
    }
    if (item->ssid != 0) {
        lw_link_put_u16(out, "ssid", item->ssid);
    }
    if (item->uri.len > 0) {
        lw_link_put_quoted(out, "uri", &item->uri);
    }
}

lw_bs_discover lw_bs_discover_of(lw_bytes payload)
{
    lw_bs_discover discover = {.version = LW_VERSION_NONE};
    lw_link_reader_init(&discover.reader, payload);
    return discover;
}

static lw_bs_item item_of(const lw_corelink *link, lw_path path)
{
    lw_bs_item item = {.path = path};
    lw_link_attr attr;
    if (lw_link_attr_find(link, "ver", &attr)) {
        item.has_version = lw_object_version_parse(attr.value, &item.version) == LW_OK;
    }
    if (lw_link_attr_find(link, "ssid", &attr) && lw_link_attr_u16(&attr, &item.ssid) != LW_OK) {
        item.ssid = 0;
    }
    /* No URI has a character that would need a backslash. */
    if (lw_link_attr_find(link, "uri", &attr) && !attr.escaped) {
        item.uri = attr.value;
    }
    return item;
}

lw_err lw_bs_discover_next(lw_bs_discover *discover, lw_bs_item *out_item)
{
    for (;;) {
        lw_corelink link;
        lw_err err = lw_link_next(&discover->reader, &link);
        if (err != LW_OK) {
            return err;
        }
        lw_bytes prefix;
        lw_path path;
        if (lw_link_target_split(link.target, &prefix, &path) != LW_OK || prefix.len > 0 ||
            lw_path_reaches(path, LW_LEVEL_RESOURCE)) {
            return LW_EFORMAT; /* VER-33: never with an alternate path */
        }
        if (lw_path_reaches(path, LW_LEVEL_OBJECT)) {
            *out_item = item_of(&link, path);
            return LW_OK;
        }
        lw_link_attr attr;
        if (lw_link_attr_find(&link, "lwm2m", &attr)) {
            lw_err version = lw_version_parse(attr.value, &discover->version);
            if (version == LW_EFORMAT) {
                return version;
            }
        }
    }
}

/* ---- Smartcard file -------------------------------------------------------------------------
 *
 *   count (2) | length (2) | count times: object (2) | version (1 or 2) | length (2) | instances
 *
 * The version is one octet 0 for the default, else major and minor. Whether `length` counts the
 * header is not said: with either reading the objects tell where they end.
 */

lw_err lw_card_open(lw_card *card, lw_bytes file)
{
    lw_reader r;
    lw_reader_init(&r, file);
    card->left = lw_read_u16(&r);
    size_t length = lw_read_u16(&r);
    card->rest = lw_read_rest(&r);
    if (r.err != LW_OK || length > file.len) {
        return LW_EFORMAT;
    }
    if (length < card->rest.len) {
        card->rest.len = length;
    }
    return LW_OK;
}

lw_err lw_card_next(lw_card *card, lw_card_object *out_object)
{
    if (card->left == 0) {
        return LW_END;
    }
    lw_reader r;
    lw_reader_init(&r, card->rest);
    lw_card_object object = {.object = lw_read_u16(&r)};
    object.version.major = lw_read_u8(&r);
    object.has_version = object.version.major != 0;
    if (object.has_version) {
        object.version.minor = lw_read_u8(&r);
    }
    object.instances = lw_read_bytes(&r, lw_read_u16(&r));
    card->rest = lw_read_rest(&r);
    if (r.err != LW_OK) {
        return r.err;
    }
    card->left--;
    *out_object = object;
    return LW_OK;
}

void lw_card_write(lw_writer *w, const lw_card_object *objects, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        length += (objects[i].has_version ? 6u : 5u) + objects[i].instances.len;
    }
    if (length > UINT16_MAX || count > UINT16_MAX) {
        lw_writer_fail(w, LW_ETOOBIG);
        return;
    }
    lw_write_u16(w, (uint16_t)count);
    lw_write_u16(w, (uint16_t)length);
    for (size_t i = 0; i < count; i++) {
        lw_write_u16(w, objects[i].object);
        lw_write_u8(w, objects[i].has_version ? objects[i].version.major : 0);
        if (objects[i].has_version) {
            lw_write_u8(w, objects[i].version.minor);
        }
        lw_write_u16(w, (uint16_t)objects[i].instances.len);
        lw_write_bytes(w, objects[i].instances);
    }
}
